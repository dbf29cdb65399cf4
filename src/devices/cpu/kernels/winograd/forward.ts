// The forward convolution by Winograd's method, and the input gradient, which is one too: of the upstream gradient with the
// weights turned round and transposed.
//
//   fused    a unit takes a block of tiles through all three stages, in its thread's memory, which stays in the cache
//   staged   many channels: neither a block's memory nor the weights would stay in the cache, so each stage is a step over all
//            tiles; a unit of the products is one of the positions (36 for stride 1)

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter, Image, Weights } from '../../step.ts';
import { type Code, i32 } from '../../wasm.ts';
import { partBytes, promoteRows, statisticsOf } from '../channel-sums.ts';
import { describe, type Forward, type InputGradient, operationsOf, type Statistics } from '../convolution.ts';
import { buffersOf, type Epilogue } from '../epilogue.ts';
import { clear } from '../vectors.ts';
import { blockOf, forEachBlock, fusedBlockOf, layOut, piecesOf, stagePatches } from './blocks.ts';
import {
  type Correlations,
  type Filters,
  filtersOf,
  forwardCorrelations,
  inputGradientCorrelations,
  outputsOf,
  positionsOf,
} from './filters.ts';
import { forwardProducts, type ProductShape, tileStride } from './products.ts';
import { outputKernel, patchesOf, patchKernel, type TileTransforms, type Tiling, tilingOf } from './tiles.ts';
import { workBytes } from './transforms.ts';
import { type Direction, type TransformedWeights, transformWeights } from './weights.ts';

/** Of channel sums. */
const maximumParts = 64;

interface Call {
  readonly name: string;
  readonly x: Image;
  readonly weights: Weights;
  readonly y: Image;
  readonly filters: Filters;
  readonly correlations: Correlations;
  readonly direction: Direction;
  readonly statistics: boolean;
  readonly epilogue?: Epilogue;
}

export function winogradForward(
  e: Emitter,
  { x, weights, y, window, statistics = false, epilogue }: Forward,
): Statistics | undefined {
  const filters = filtersOf(window)!;
  const correlations = forwardCorrelations(filters, window);
  return convolve(e, {
    name: 'conv2d',
    x,
    weights,
    y,
    filters,
    correlations,
    direction: 'forward',
    statistics,
    epilogue,
  });
}

export function winogradInputGradient(e: Emitter, { upstream: x, weights, dx: y, window }: InputGradient): void {
  const filters = filtersOf(window)!;
  const correlations = inputGradientCorrelations(filters, window);
  const name = 'conv2dInputGradient';
  convolve(e, { name, x, weights, y, filters, correlations, direction: 'turned', statistics: false });
}

function convolve(e: Emitter, call: Call): Statistics | undefined {
  const { x, y, filters, correlations } = call;
  const weights = transformWeights(e, call.weights, filters, call.direction);
  const tiling = tilingOf(y.geometry, outputsOf(correlations));
  const [inVectors, outVectors] = [x.geometry.stored / 4, y.geometry.stored / 4];
  const fusedBlock = fusedBlockOf(filters, tiling.count, inVectors, outVectors);
  const block = fusedBlock ?? blockOf(tiling.count);
  const plan = { tiling, block, inVectors, outVectors, weights };
  const statistics = call.statistics
    ? statisticsOf(e, y.geometry.c, Math.min(maximumParts, Math.ceil(tiling.count / block)))
    : undefined;
  if (fusedBlock) fused(e, call, plan, statistics);
  else staged(e, call, plan, statistics);
  return statistics;
}

interface Plan {
  readonly tiling: Tiling;
  readonly block: number;
  readonly inVectors: number;
  readonly outVectors: number;
  readonly weights: TransformedWeights;
}

const nameOf = ({ name, weights, y }: Call): string => `${name} ${describe(weights, y.geometry)}, winograd`;

const outputOf = (
  { y, correlations }: Call,
  { tiling }: Plan,
  { outVectors, outStride }: ProductShape,
): TileTransforms => ({
  transforms: [correlations[0].output, correlations[1].output],
  step: outputsOf(correlations),
  tiling,
  geometry: y.geometry,
  start: y.geometry.origin,
  vectors: outVectors,
  stride: outStride,
});

function shapeOf({ filters }: Call, { inVectors, outVectors, weights }: Plan, tiles: number): ProductShape {
  const padded = Math.ceil(tiles / 4) * 4;
  return {
    filters,
    inVectors,
    outVectors,
    inChannels: weights.inChannels,
    inStride: tileStride(padded, inVectors),
    outStride: tileStride(padded, outVectors),
  };
}

function fused(e: Emitter, call: Call, plan: Plan, statistics: Statistics | undefined): void {
  const { x, y } = call;
  const { tiling, block, weights } = plan;
  const blocks = Math.ceil(tiling.count / block);
  const pieces = statistics ? 1 : piecesOf(e, blocks, plan.outVectors);
  const outVectors = plan.outVectors / pieces;
  const shape = { ...shapeOf(call, { ...plan, outVectors }, block), allOutVectors: plan.outVectors };
  const positions = positionsOf(call.filters);
  const patches = patchKernel(e, patchesOf(x.geometry, call.correlations, tiling, shape.inStride));
  const products = forwardProducts(e, shape);
  const output = outputKernel(e, outputOf(call, plan, shape), statistics !== undefined, call.epilogue);
  const units = statistics?.parts ?? blocks * pieces;
  const memory = layOut(
    positions * shape.inStride,
    positions * shape.outStride,
    workBytes,
    2 * outVectors * vectorBytes,
  );
  const read = buffersOf(call.epilogue);
  const added = statistics ? [statistics.sums, statistics.squares] : [];
  const details = [patches.index, products.index, output.index, block, units];
  const parameters = 6 + read.length + added.length;
  const kernel = e.module.once(
    `${call.name} winograd`,
    details,
    parameters,
    (f, source, u, target, scratch, ...others) => {
      const [from, to] = others.slice(-2);
      const [v, m, work, sums] = memory.offsets.map((offset) => f.let(i32.add(scratch, offset)));
      const ranges = { from, to, units: units / pieces, blocks, block, tiles: tiling.count, pieces };
      forEachBlock(f, ranges, (unit, piece) => {
        const around = summing(e, f, y, others.slice(read.length, -2), unit, sums);
        return (tile, count) => around(() => stages(tile, count, piece));
      });
      function stages(tile: Local, count: Local, piece: Code): void {
        const channels = f.let(i32.mul(piece, outVectors * vectorBytes));
        const ofPiece = (base: Local): Code => i32.add(base, channels);
        const weight = i32.add(u, i32.mul(channels, weights.inChannels));
        f.call(patches, source, v, work, tile, count);
        f.call(products, v, weight, m, count, i32.const(0), i32.const(positions));
        f.call(output, m, ofPiece(target), work, tile, count, sums, ...others.slice(0, read.length).map(ofPiece));
      }
    },
  );
  e.step({
    name: nameOf(call),
    kernel,
    arguments: [x.buffer, weights.buffer, y.buffer, { threadBytes: memory.bytes }, ...read, ...added],
    units,
    reads: [x.buffer, weights.buffer, ...read],
    writes: [y.buffer, ...added],
    operations: operationsOf(call.weights, (call.direction === 'forward' ? y : x).geometry),
  });
}

function staged(e: Emitter, call: Call, plan: Plan, statistics: Statistics | undefined): void {
  const { x, y } = call;
  const { tiling, block, outVectors, weights } = plan;
  const shape = shapeOf(call, plan, tiling.count);
  const positions = positionsOf(call.filters);
  const name = nameOf(call);
  const v = stagePatches(e, name, x, patchesOf(x.geometry, call.correlations, tiling, shape.inStride), block);
  const m = e.scratch('winograd products', positions * shape.outStride);
  e.step({
    name,
    kernel: forwardProducts(e, shape),
    arguments: [v, weights.buffer, m, tiling.count],
    units: positions,
    reads: [v, weights.buffer],
    writes: [m],
    operations: operationsOf(call.weights, (call.direction === 'forward' ? y : x).geometry),
  });
  const output = outputKernel(e, outputOf(call, plan, shape), statistics !== undefined, call.epilogue);
  const blocks = Math.ceil(tiling.count / block);
  const units = statistics?.parts ?? blocks;
  const memory = layOut(workBytes, 2 * outVectors * vectorBytes);
  const read = buffersOf(call.epilogue);
  const added = statistics ? [statistics.sums, statistics.squares] : [];
  const details = [output.index, block, units, outVectors];
  const parameters = 5 + read.length + added.length;
  const kernel = e.module.once('winograd output', details, parameters, (f, products, target, scratch, ...others) => {
    const [from, to] = others.slice(-2);
    const [work, sums] = memory.offsets.map((offset) => f.let(i32.add(scratch, offset)));
    forEachBlock(f, { from, to, units, blocks, block, tiles: tiling.count }, (unit) => {
      const around = summing(e, f, y, others.slice(read.length, -2), unit, sums);
      return (tile, count) => {
        const place = i32.add(products, i32.mul(tile, outVectors * vectorBytes));
        around(() => f.call(output, place, target, work, tile, count, sums, ...others.slice(0, read.length)));
      };
    });
  });
  e.step({
    name: `${name}, output`,
    kernel,
    arguments: [m, y.buffer, { threadBytes: memory.bytes }, ...read, ...added],
    units,
    reads: [m, ...read],
    writes: [y.buffer, ...added],
  });
}

/** What adds the channel sums of each of a unit's blocks to the rows of its part, where there are rows. */
function summing(
  e: Emitter,
  f: FunctionBuilder,
  { geometry: g }: Image,
  parts: readonly Local[],
  unit: Local,
  sums: Local,
): (block: () => void) => void {
  const bytes = partBytes(g.c);
  const rows = parts.map((base) => f.let(i32.add(base, i32.mul(unit, bytes))));
  for (const row of rows) clear(e, f, row, bytes);
  return (block) => {
    if (rows.length > 0) clear(e, f, sums, bytes);
    block();
    if (rows.length > 0) promoteRows(e, f, sums, rows, g.stored / 4);
  };
}
