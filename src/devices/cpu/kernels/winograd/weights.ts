// Weights on their way to the products: U = G g G' for every pair of channels, as [position][group of 8 out][in][8]; and back, the
// weight gradient G' dU G from [position][in][out].

import { vectorBytes } from '../../geometry.ts';
import type { Buffer, Emitter, Weights } from '../../step.ts';
import { i32, type, v128 } from '../../wasm.ts';
import { forEachGroup } from './products.ts';
import {
  patchSize,
  positions,
  transform2d,
  weightGradientTransform,
  weightTransform,
  workBytes,
} from './transforms.ts';

const outVectorsOf = ({ outChannels }: Weights): number => Math.ceil(outChannels / 4);

export function transformWeights(e: Emitter, weights: Weights): Buffer {
  const { inChannels, strides } = weights;
  const outVectors = outVectorsOf(weights);
  const positionBytes = inChannels * outVectors * vectorBytes;
  const transformed = e.scratch('transformed weights', positions * positionBytes);
  const kernel = e.module.once(`winograd weights ${inChannels} ${outVectors} ${JSON.stringify(strides)}`, () =>
    e.module.function(
      'winograd weights',
      Array<typeof type.i32>(5).fill(type.i32),
      (f, source, target, work, from, to) => {
        f.for(from, to, (channel) => {
          const place = f.let(i32.add(source, i32.mul(channel, strides.in)));
          const group = f.let(target);
          forEachGroup(f, outVectors, (vectors) => {
            const into = f.let(i32.add(group, i32.mul(channel, vectors * vectorBytes)));
            for (let vector = 0; vector < vectors; vector++) {
              transform2d(
                e,
                f,
                weightTransform,
                (u, v) => v128.load(place, u * strides.row + v * strides.column),
                (i, j, value) => f.emit(v128.store(into, value, (i * patchSize + j) * positionBytes)),
                work,
              );
              f.advance(place, vectorBytes);
              f.advance(into, vectorBytes);
            }
            f.advance(group, inChannels * vectors * vectorBytes);
          });
        });
      },
    ),
  );
  e.step({
    name: 'winograd weights',
    kernel,
    arguments: [weights.buffer, transformed, { threadBytes: workBytes }],
    units: inChannels,
    reads: [weights.buffer],
    writes: [transformed],
  });
  return transformed;
}

/** @param sums [position][in][out], channels in padded to whole vectors */
export function transformGradient(e: Emitter, sums: Buffer, gradient: Weights): void {
  const { inChannels, strides } = gradient;
  const outVectors = outVectorsOf(gradient);
  const rowBytes = outVectors * vectorBytes;
  const positionBytes = Math.ceil(inChannels / 4) * 4 * rowBytes;
  const kernel = e.module.once(`winograd weight gradient ${inChannels} ${outVectors} ${JSON.stringify(strides)}`, () =>
    e.module.function(
      'winograd weight gradient',
      Array<typeof type.i32>(5).fill(type.i32),
      (f, source, target, work, from, to) => {
        f.for(from, to, (channel) => {
          const place = f.let(i32.add(source, i32.mul(channel, rowBytes)));
          const into = f.let(i32.add(target, i32.mul(channel, strides.in)));
          f.repeat(outVectors, () => {
            transform2d(
              e,
              f,
              weightGradientTransform,
              (i, j) => v128.load(place, (i * patchSize + j) * positionBytes),
              (u, v, value) => f.emit(v128.store(into, value, u * strides.row + v * strides.column)),
              work,
            );
            f.advance(place, vectorBytes);
            f.advance(into, vectorBytes);
          });
        });
      },
    ),
  );
  e.step({
    name: 'winograd weight gradient',
    kernel,
    arguments: [sums, gradient.buffer, { threadBytes: workBytes }],
    units: inChannels,
    reads: [sums],
    writes: [gradient.buffer],
  });
}
