// The forward convolution by Winograd's method, and the input gradient, which is one too: of the upstream gradient with the
// weights turned round and transposed.
//
//   fused    a unit takes a block of tiles through all three stages, in its thread's memory, which stays in the cache
//   staged   many channels: neither a block's memory nor the weights would stay in the cache, so each stage is a step over all
//            tiles; a unit of the products is one of the 36 positions

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Buffer, Emitter, Image, Weights } from '../../step.ts';
import { type Code, f32x4, f64x2, i32, select, type, v128 } from '../../wasm.ts';
import type { Forward, InputGradient, Statistics } from '../convolution.ts';
import { partBytes } from '../pointwise.ts';
import { forwardProducts, type ProductShape, tileStride } from './products.ts';
import { outputKernel, patchKernel, type Tiling, tilingOf } from './tiles.ts';
import { positions, workBytes } from './transforms.ts';
import { type Direction, type TransformedWeights, transformWeights } from './weights.ts';

/** A block's patches and products should stay in the second cache level, and the weights for all blocks in the third. */
const fusedBytes = 640 * 1024;
const fusedWeightBytes = 1024 * 1024;
const largestBlock = 32;
const maximumParts = 64;

/** Tiles of a block: 32, or fewer where a small batch would leave threads without work. */
export function blockOf(tiles: number): number {
  return Math.min(largestBlock, Math.max(4, Math.ceil(tiles / 32) * 4));
}

export function isFused(inVectors: number, outVectors: number, block: number): boolean {
  const weightBytes = positions * inVectors * 4 * outVectors * vectorBytes;
  return positions * block * (inVectors + outVectors) * vectorBytes <= fusedBytes && weightBytes <= fusedWeightBytes;
}

interface Call {
  readonly name: string;
  readonly x: Image;
  readonly weights: Weights;
  readonly y: Image;
  readonly padding: readonly [number, number];
  readonly statistics: boolean;
}

export function winogradForward(
  e: Emitter,
  { x, weights, y, window, statistics = false }: Forward,
): Statistics | undefined {
  return convolve(e, { name: 'conv2d', x, weights, y, padding: window.padding, statistics }, 'forward');
}

export function winogradInputGradient(e: Emitter, { upstream, weights, dx, window }: InputGradient): void {
  const padding = [2 - window.padding[0], 2 - window.padding[1]] as const;
  convolve(e, { name: 'conv2dInputGradient', x: upstream, weights, y: dx, padding, statistics: false }, 'turned');
}

function convolve(e: Emitter, call: Call, direction: Direction): Statistics | undefined {
  const { x, y } = call;
  const weights = transformWeights(e, call.weights, direction);
  const tiling = tilingOf(y.geometry);
  const [inVectors, outVectors] = [x.geometry.stored / 4, y.geometry.stored / 4];
  const block = blockOf(tiling.count);
  const plan = { tiling, block, inVectors, outVectors, weights };
  const units = Math.ceil(tiling.count / block);
  const statistics = call.statistics ? partials(e, y, Math.min(units, maximumParts)) : undefined;
  if (isFused(inVectors, outVectors, block)) fused(e, call, plan, statistics);
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

function partials(e: Emitter, y: Image, parts: number): Statistics {
  const bytes = parts * partBytes(y.geometry.c);
  return { sums: e.scratch('channel sums', bytes), squares: e.scratch('channel sums of squares', bytes), parts };
}

const describe = ({ name, weights, y }: Call): string =>
  `${name} 3x3 ${weights.inChannels} -> ${weights.outChannels} at ${y.geometry.h}x${y.geometry.w}, winograd`;

/** Of the convolution that it replaces: what a profile shows is the effective speed. */
const operationsOf = ({ weights, y: { geometry: g } }: Call): number =>
  2 * 9 * g.n * g.h * g.w * weights.inChannels * weights.outChannels;

const xStart = ({ x: { geometry: g }, padding }: Call): number =>
  g.origin - padding[0] * g.rowBytes - padding[1] * g.pixelBytes;

function shapeOf({ inVectors, outVectors, weights }: Plan, tiles: number): ProductShape {
  const padded = Math.ceil(tiles / 4) * 4;
  return {
    inVectors,
    outVectors,
    inChannels: weights.inChannels,
    inStride: tileStride(padded, inVectors),
    outStride: tileStride(padded, outVectors),
  };
}

function fused(e: Emitter, call: Call, plan: Plan, statistics: Statistics | undefined): void {
  const { x, y } = call;
  const { tiling, block, inVectors, outVectors, weights } = plan;
  const shape = shapeOf(plan, block);
  const patches = patchKernel(e, 'input', { tiling, geometry: x.geometry, vectors: inVectors, stride: shape.inStride });
  const products = forwardProducts(e, shape);
  const output = outputKernel(
    e,
    { tiling, geometry: y.geometry, vectors: outVectors, stride: shape.outStride },
    statistics !== undefined,
  );
  const start = xStart(call);
  const blocks = Math.ceil(tiling.count / block);
  const units = statistics?.parts ?? blocks;
  const memory = layOut(
    positions * shape.inStride,
    positions * shape.outStride,
    workBytes,
    2 * outVectors * vectorBytes,
  );
  const key = `winograd fused ${[patches.index, products.index, output.index, start, y.geometry.origin, block, units]}`;
  const kernel = e.module.once(key, () => {
    const parameters = Array<typeof type.i32>(statistics ? 8 : 6).fill(type.i32);
    return e.module.function(`${call.name} winograd`, parameters, (f, source, u, target, scratch, ...others) => {
      const [from, to] = others.slice(-2);
      const [v, m, work, sums] = memory.offsets.map((offset) => f.let(i32.add(scratch, offset)));
      const [first, last] = [f.let(i32.add(source, start)), f.let(i32.add(target, y.geometry.origin))];
      forEachBlock(f, { from, to, units, blocks, block, tiles: tiling.count }, (unit) => {
        if (!statistics) return (tile, count) => stages(tile, count);
        const rows = others.slice(0, 2).map((base) => f.let(i32.add(base, i32.mul(unit, partBytes(y.geometry.c)))));
        for (const row of rows) clear(f, row, partBytes(y.geometry.c));
        return (tile, count) => {
          clear(f, sums, 2 * outVectors * vectorBytes);
          stages(tile, count);
          promote(f, sums, rows, outVectors);
        };
      });
      function stages(tile: Local, count: Local): void {
        f.call(patches, first, v, work, tile, count);
        f.call(products, v, u, m, count, i32.const(0), i32.const(positions));
        f.call(output, m, last, work, tile, count, sums);
      }
    });
  });
  const added = statistics ? [statistics.sums, statistics.squares] : [];
  e.step({
    name: describe(call),
    kernel,
    arguments: [x.buffer, weights.buffer, y.buffer, { threadBytes: memory.bytes }, ...added],
    units,
    reads: [x.buffer, weights.buffer],
    writes: [y.buffer, ...added],
    operations: operationsOf(call),
  });
}

function staged(e: Emitter, call: Call, plan: Plan, statistics: Statistics | undefined): void {
  const { x, y } = call;
  const { tiling, block, outVectors, weights } = plan;
  const shape = shapeOf(plan, tiling.count);
  const name = describe(call);
  const v = stagePatches(e, name, 'input', x, xStart(call), tiling, block, shape.inStride);
  const m = e.scratch('winograd products', positions * shape.outStride);
  e.step({
    name,
    kernel: forwardProducts(e, shape),
    arguments: [v, weights.buffer, m, tiling.count],
    units: positions,
    reads: [v, weights.buffer],
    writes: [m],
    operations: operationsOf(call),
  });
  const patches = { tiling, geometry: y.geometry, vectors: outVectors, stride: shape.outStride };
  const output = outputKernel(e, patches, statistics !== undefined);
  const blocks = Math.ceil(tiling.count / block);
  const units = statistics?.parts ?? blocks;
  const memory = layOut(workBytes, 2 * outVectors * vectorBytes);
  const key = `winograd staged output ${[output.index, y.geometry.origin, block, units, outVectors]}`;
  const kernel = e.module.once(key, () => {
    const parameters = Array<typeof type.i32>(statistics ? 7 : 5).fill(type.i32);
    return e.module.function('winograd output', parameters, (f, products, target, scratch, ...others) => {
      const [from, to] = others.slice(-2);
      const [work, sums] = memory.offsets.map((offset) => f.let(i32.add(scratch, offset)));
      const last = f.let(i32.add(target, y.geometry.origin));
      forEachBlock(f, { from, to, units, blocks, block, tiles: tiling.count }, (unit) => {
        const rows = others.slice(0, -2).map((base) => f.let(i32.add(base, i32.mul(unit, partBytes(y.geometry.c)))));
        for (const row of rows) clear(f, row, partBytes(y.geometry.c));
        return (tile, count) => {
          const place = i32.add(products, i32.mul(tile, outVectors * vectorBytes));
          if (rows.length > 0) clear(f, sums, 2 * outVectors * vectorBytes);
          f.call(output, place, last, work, tile, count, sums);
          if (rows.length > 0) promote(f, sums, rows, outVectors);
        };
      });
    });
  });
  const added = statistics ? [statistics.sums, statistics.squares] : [];
  e.step({
    name: `${name}, output`,
    kernel,
    arguments: [m, y.buffer, { threadBytes: memory.bytes }, ...added],
    units,
    reads: [m],
    writes: [y.buffer, ...added],
  });
}

/** A step that takes all patches of some images: [position][tile][channel]. */
export function stagePatches(
  e: Emitter,
  name: string,
  kind: 'input' | 'upstream',
  image: Image,
  start: number,
  tiling: Tiling,
  block: number,
  stride: number,
): Buffer {
  const vectors = image.geometry.stored / 4;
  const patches = patchKernel(e, kind, { tiling, geometry: image.geometry, vectors, stride });
  const taken = e.scratch(`winograd ${kind}`, positions * stride);
  const blocks = Math.ceil(tiling.count / block);
  const kernel = e.module.once(`winograd staged ${[patches.index, start, block]}`, () =>
    e.module.function(
      'winograd patches',
      Array<typeof type.i32>(5).fill(type.i32),
      (f, source, target, work, from, to) => {
        const first = f.let(i32.add(source, start));
        forEachBlock(f, { from, to, units: blocks, blocks, block, tiles: tiling.count }, () => (tile, count) => {
          f.call(patches, first, i32.add(target, i32.mul(tile, vectors * vectorBytes)), work, tile, count);
        });
      },
    ),
  );
  e.step({
    name: `${name}, ${kind}`,
    kernel,
    arguments: [image.buffer, taken, { threadBytes: workBytes }],
    units: blocks,
    reads: [image.buffer],
    writes: [taken],
  });
  return taken;
}

/** Offsets of pieces behind one another, each at a multiple of 64. */
export function layOut(...bytes: readonly number[]): { readonly offsets: readonly number[]; readonly bytes: number } {
  const offsets: number[] = [];
  let end = 0;
  for (const piece of bytes) {
    offsets.push(end);
    end += Math.ceil(piece / 64) * 64;
  }
  return { offsets, bytes: end };
}

interface Blocks {
  readonly from: Local;
  readonly to: Local;
  /** Units share the blocks out evenly. */
  readonly units: number;
  readonly blocks: number;
  /** Tiles of a block, and of all. */
  readonly block: number;
  readonly tiles: number;
}

/** For each block of each unit: its first tile, and how many it has. */
export function forEachBlock(
  f: FunctionBuilder,
  { from, to, units, blocks, block, tiles }: Blocks,
  beginUnit: (unit: Local) => (tile: Local, count: Local) => void,
): void {
  f.for(from, to, (unit) => {
    const body = beginUnit(unit);
    const bound = (index: Code): Code => i32.divU(i32.mul(index, blocks), units);
    f.for(bound(unit), f.let(bound(i32.add(unit, 1))), (index) => {
      const tile = f.let(i32.mul(index, block));
      const left = f.let(i32.sub(i32.const(tiles), tile));
      const count = f.let(select(i32.gtS(left, block), i32.const(block), left));
      body(tile, count);
    });
  });
}

function clear(f: FunctionBuilder, start: Local, bytes: number): void {
  const place = f.let(start);
  f.repeat(bytes / vectorBytes, () => {
    f.emit(v128.store(place, f32x4.const(0)));
    f.advance(place, vectorBytes);
  });
}

/** Adds the float32 sums of a block, [2][channel], to float64 rows. */
function promote(f: FunctionBuilder, sums: Local, rows: readonly Local[], vectors: number): void {
  const source = f.let(sums);
  const lanes = f.local(type.v128);
  for (const row of rows) {
    const target = f.let(row);
    f.repeat(vectors, () => {
      f.set(lanes, v128.load(source));
      const high = f32x4.shuffle(lanes, lanes, [2, 3, 2, 3]);
      f.emit(v128.store(target, f64x2.add(v128.load(target), f64x2.promoteLow(lanes))));
      f.emit(v128.store(target, f64x2.add(v128.load(target, 16), f64x2.promoteLow(high)), 16));
      f.advance(source, vectorBytes);
      f.advance(target, 2 * vectorBytes);
    });
  }
}
