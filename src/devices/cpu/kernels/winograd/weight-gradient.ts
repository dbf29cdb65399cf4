// The weight gradient by Winograd's method: with V the transformed patches of x and D the transformed tiles of the upstream
// gradient, dU = sum over tiles of V x D at each position (36 for stride 1), and dw = G' dU G.
//
//   fused    few channels, many tiles: tiles are dealt out to a fixed number of parts, each with sums of its own
//   staged   V and D are computed first; a unit of the products is a position, over all tiles

import { vectorBytes } from '../../geometry.ts';
import type { Buffer, Emitter } from '../../step.ts';
import { i32 } from '../../wasm.ts';
import { describe, operationsOf, type WeightGradient } from '../convolution.ts';
import { blockOf, forEachBlock, fusedBlockOf, layOut, stagePatches } from './blocks.ts';
import { type Filters, filtersOf, forwardCorrelations, positionsOf, weightPositionsOf } from './filters.ts';
import { gradientProducts, type ProductShape, sumStride, tileStride } from './products.ts';
import { patchesOf, patchKernel, type TileTransforms, type Tiling, tilingOf } from './tiles.ts';
import { workBytes } from './transforms.ts';
import { transformGradient } from './weights.ts';

const maximumParts = 16;
/** So many sums move as fast as a number of patches. */
const sumsForPatches = 1.5;
/** Patches of more than this don't stay in the third cache level. */
const stagedBytes = 16 * 1024 * 1024;
/** Patches of both sides that the products of a position go through at a time: the first cache level. */
const runBytes = 32 * 1024;

export function winogradWeightGradient(e: Emitter, call: WeightGradient): void {
  const { x, upstream, gradient } = call;
  const filters = filtersOf(call.window)!;
  const tiling = tilingOf(upstream.geometry, tileOf(filters));
  const [inVectors, outVectors] = [x.geometry.stored / 4, upstream.geometry.stored / 4];
  const fusedBlock = fusedBlockOf(filters, tiling.count, inVectors, outVectors);
  const block = fusedBlock ?? blockOf(tiling.count);
  const parts = Math.min(maximumParts, Math.ceil(tiling.count / block));
  const inParts = fusedBlock !== undefined && sumsByParts(filters, tiling.count, block, parts, inVectors, outVectors);
  const tiles = inParts ? block : tiling.count;
  const padded = Math.ceil(tiles / 4) * 4;
  const shape: ProductShape = {
    filters,
    inVectors,
    outVectors,
    inChannels: gradient.inChannels,
    inStride: tileStride(padded, inVectors),
    outStride: tileStride(padded, outVectors),
  };
  const plan = { filters, tiling, block, shape };
  const sums = inParts ? fused(e, call, plan, parts) : staged(e, call, plan);
  transformGradient(e, filters, sums, inParts ? parts : 1, gradient);
}

interface Plan {
  readonly filters: Filters;
  readonly tiling: Tiling;
  readonly block: number;
  readonly shape: ProductShape;
}

const tileOf = ([rows, columns]: Filters): readonly [number, number] => [rows.tile, columns.tile];

/** How both sides are transformed. */
function sidesOf({ x, upstream, window }: WeightGradient, { filters, tiling, shape }: Plan) {
  const dy = upstream.geometry;
  const tiles: TileTransforms = {
    transforms: [filters[0].upstream, filters[1].upstream],
    step: tileOf(filters),
    tiling,
    geometry: dy,
    start: dy.origin,
    stride: shape.outStride,
  };
  return { x: patchesOf(x.geometry, forwardCorrelations(filters, window), tiling, shape.inStride), upstream: tiles };
}

/**
 * Whether each part adds up its own tiles: then its sums are read and written for every block, and once more at the end.
 * Otherwise all patches are written and read once, which takes memory too. What moves less, in numbers, where sums move
 * within the second cache level and patches through the third.
 */
function sumsByParts(
  filters: Filters,
  tiles: number,
  block: number,
  parts: number,
  inVectors: number,
  outVectors: number,
): boolean {
  const patches = positionsOf(filters) * tiles * (inVectors + outVectors) * 4;
  const sums = weightPositionsOf(filters) * (Math.ceil(tiles / block) + parts) * inVectors * outVectors * 16;
  return sums < sumsForPatches * patches || patches * 4 > stagedBytes;
}

const nameOf = ({ gradient, upstream }: WeightGradient): string =>
  `conv2dWeightGradient ${describe(gradient, upstream.geometry)}, winograd`;

function fused(e: Emitter, call: WeightGradient, plan: Plan, parts: number): Buffer {
  const { x, upstream } = call;
  const { filters, tiling, block, shape } = plan;
  const { inVectors, outVectors, inStride, outStride } = shape;
  const sides = sidesOf(call, plan);
  const taken = patchKernel(e, sides.x);
  const turned = patchKernel(e, sides.upstream);
  const products = gradientProducts(e, shape);
  const blocks = Math.ceil(tiling.count / block);
  const partBytes = weightPositionsOf(filters) * sumStride(inVectors, outVectors);
  const sums = e.scratch('winograd weight gradients', parts * partBytes);
  const memory = layOut(positionsOf(filters) * inStride, positionsOf(filters) * outStride, workBytes);
  const details = [taken.index, turned.index, products.index, parts, block];
  const kernel = e.module.once(
    'conv2dWeightGradient winograd',
    details,
    6,
    (f, source, dy, target, scratch, from, to) => {
      const [v, d, work] = memory.offsets.map((offset) => f.let(i32.add(scratch, offset)));
      forEachBlock(f, { from, to, units: parts, blocks, block, tiles: tiling.count }, (unit) => {
        const own = f.let(i32.add(target, i32.mul(unit, partBytes)));
        const adds = f.let(i32.const(0));
        return (tile, count) => {
          f.call(taken, source, v, work, tile, count);
          f.call(turned, dy, d, work, tile, count);
          f.call(products, v, d, own, count, i32.const(0), i32.const(weightPositionsOf(filters)), adds);
          f.set(adds, i32.const(1));
        };
      });
    },
  );
  e.step({
    name: nameOf(call),
    kernel,
    arguments: [x.buffer, upstream.buffer, sums, { threadBytes: memory.bytes }],
    units: parts,
    reads: [x.buffer, upstream.buffer],
    writes: [sums],
    operations: operationsOf(call.gradient, upstream.geometry),
  });
  return sums;
}

function staged(e: Emitter, call: WeightGradient, plan: Plan): Buffer {
  const { x, upstream } = call;
  const { filters, tiling, block, shape } = plan;
  const name = nameOf(call);
  const sides = sidesOf(call, plan);
  const v = stagePatches(e, name, x, sides.x, block);
  const d = stagePatches(e, name, upstream, sides.upstream, block);
  const { inVectors, outVectors } = shape;
  const positions = weightPositionsOf(filters);
  const sums = e.scratch('winograd weight gradient', positions * sumStride(inVectors, outVectors));
  const products = gradientProducts(e, shape);
  const run = Math.max(8, Math.floor(runBytes / ((inVectors + outVectors) * vectorBytes * 4)) * 4);
  const kernel = e.module.once(
    'conv2dWeightGradient winograd',
    [products.index],
    5,
    (f, source, dy, target, from, to) => {
      f.for(from, to, (position) => {
        const adds = f.let(i32.const(0));
        const [left, right, rest] = [f.let(source), f.let(dy), f.let(i32.const(tiling.count))];
        f.repeat(Math.ceil(tiling.count / run), () => {
          const count = f.least(rest, run);
          f.call(products, left, right, target, count, position, i32.add(position, 1), adds);
          f.set(adds, i32.const(1));
          f.advance(left, run * inVectors * vectorBytes);
          f.advance(right, run * outVectors * vectorBytes);
          f.advance(rest, -run);
        });
      });
    },
  );
  e.step({
    name,
    kernel,
    units: positions,
    reads: [v, d],
    writes: [sums],
    operations: operationsOf(call.gradient, upstream.geometry),
  });
  return sums;
}
