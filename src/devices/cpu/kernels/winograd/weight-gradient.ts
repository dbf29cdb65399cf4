// The weight gradient by Winograd's method: with V the transformed patches of x and D the transformed tiles of the upstream
// gradient, dU = sum over tiles of V x D at each of the 36 positions, and dw = G' dU G.
//
//   fused    few channels: tiles are dealt out to a fixed number of parts, each with sums of its own
//   staged   many channels: V and D are computed first; a unit of the products is a position, over all tiles

import { vectorBytes } from '../../geometry.ts';
import type { Buffer, Emitter } from '../../step.ts';
import { i32, type } from '../../wasm.ts';
import type { WeightGradient } from '../convolution.ts';
import { sumParts } from '../sum-parts.ts';
import { blockOf, clear, forEachBlock, isFused, layOut, stagePatches } from './forward.ts';
import { gradientProducts, type ProductShape } from './products.ts';
import { patchKernel, positionBytes, tilingOf } from './tiles.ts';
import { positions, workBytes } from './transforms.ts';
import { transformGradient } from './weights.ts';

const maximumParts = 16;

export function winogradWeightGradient(e: Emitter, call: WeightGradient): void {
  const { x, upstream, gradient } = call;
  const tiling = tilingOf(upstream.geometry);
  const [inVectors, outVectors] = [x.geometry.stored / 4, upstream.geometry.stored / 4];
  const block = blockOf(tiling.count);
  const inCache = isFused(inVectors, outVectors, block);
  const tiles = inCache ? block : tiling.count;
  const padded = Math.ceil(tiles / 4) * 4;
  const shape: ProductShape = {
    inVectors,
    outVectors,
    inChannels: gradient.inChannels,
    inStride: positionBytes(padded, inVectors),
    outStride: positionBytes(padded, outVectors),
  };
  const sums = inCache ? fused(e, call, shape, block) : staged(e, call, shape, block);
  transformGradient(e, sums, gradient);
}

const sumBytes = ({ inVectors, outVectors }: ProductShape): number => inVectors * 4 * outVectors * vectorBytes;

const starts = ({ x: { geometry: g }, upstream, window }: WeightGradient) => ({
  x: g.origin - window.padding[0] * g.rowBytes - window.padding[1] * g.pixelBytes,
  upstream: upstream.geometry.origin,
});

const describe = ({ gradient, upstream: { geometry: g } }: WeightGradient): string =>
  `conv2dWeightGradient 3x3 ${gradient.inChannels} -> ${gradient.outChannels} at ${g.h}x${g.w}, winograd`;

const operationsOf = ({ gradient, upstream: { geometry: g } }: WeightGradient): number =>
  2 * 9 * g.n * g.h * g.w * gradient.inChannels * gradient.outChannels;

function fused(e: Emitter, call: WeightGradient, shape: ProductShape, block: number): Buffer {
  const { x, upstream } = call;
  const tiling = tilingOf(upstream.geometry);
  const { inVectors, outVectors, inStride, outStride } = shape;
  const start = starts(call);
  const taken = patchKernel(e, 'input', { tiling, geometry: x.geometry, vectors: inVectors, stride: inStride });
  const turned = patchKernel(e, 'upstream', {
    tiling,
    geometry: upstream.geometry,
    vectors: outVectors,
    stride: outStride,
  });
  const products = gradientProducts(e, shape, sumBytes(shape));
  const blocks = Math.ceil(tiling.count / block);
  const parts = Math.min(maximumParts, blocks);
  const partBytes = positions * sumBytes(shape);
  const partials = e.scratch('winograd weight gradients', parts * partBytes);
  const memory = layOut(positions * inStride, positions * outStride, workBytes);
  const key = `winograd weight gradient parts ${[taken.index, turned.index, products.index, start.x, start.upstream, parts, block]}`;
  const kernel = e.module.once(key, () =>
    e.module.function(
      'conv2dWeightGradient winograd',
      Array<typeof type.i32>(6).fill(type.i32),
      (f, source, dy, target, scratch, from, to) => {
        const [v, d, work] = memory.offsets.map((offset) => f.let(i32.add(scratch, offset)));
        const first = f.let(i32.add(source, start.x));
        const firstUpstream = f.let(i32.add(dy, start.upstream));
        forEachBlock(f, { from, to, units: parts, blocks, block, tiles: tiling.count }, (unit) => {
          const sums = f.let(i32.add(target, i32.mul(unit, partBytes)));
          clear(f, sums, partBytes);
          return (tile, count) => {
            f.call(taken, first, v, work, tile, count);
            f.call(turned, firstUpstream, d, work, tile, count);
            f.call(products, v, d, sums, count, i32.const(0), i32.const(positions));
          };
        });
      },
    ),
  );
  e.step({
    name: describe(call),
    kernel,
    arguments: [x.buffer, upstream.buffer, partials, { threadBytes: memory.bytes }],
    units: parts,
    reads: [x.buffer, upstream.buffer],
    writes: [partials],
    operations: operationsOf(call),
  });
  if (parts === 1) return partials;
  const sums = e.scratch('winograd weight gradient', partBytes);
  sumParts(e, partials, parts, partBytes, sums);
  return sums;
}

function staged(e: Emitter, call: WeightGradient, shape: ProductShape, block: number): Buffer {
  const { x, upstream } = call;
  const tiling = tilingOf(upstream.geometry);
  const start = starts(call);
  const name = describe(call);
  const v = stagePatches(e, name, 'input', x, start.x, tiling, block, shape.inStride);
  const d = stagePatches(e, name, 'upstream', upstream, start.upstream, tiling, block, shape.outStride);
  const bytes = sumBytes(shape);
  const sums = e.scratch('winograd weight gradient', positions * bytes);
  const products = gradientProducts(e, shape, bytes);
  const kernel = e.module.once(`winograd staged gradient ${products.index}`, () =>
    e.module.function(
      'conv2dWeightGradient winograd',
      Array<typeof type.i32>(5).fill(type.i32),
      (f, source, dy, target, from, to) => {
        f.for(from, to, (position) => {
          clear(f, f.let(i32.add(target, i32.mul(position, bytes))), bytes);
          f.call(products, source, dy, target, i32.const(tiling.count), position, i32.add(position, 1));
        });
      },
    ),
  );
  e.step({
    name,
    kernel,
    arguments: [v, d, sums],
    units: positions,
    reads: [v, d],
    writes: [sums],
    operations: operationsOf(call),
  });
  return sums;
}
