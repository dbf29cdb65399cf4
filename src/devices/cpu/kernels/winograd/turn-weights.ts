// The weights of an input gradient: turned round and transposed, so that it is a convolution of the upstream gradient.

import type { Geometry } from '../../geometry.ts';
import type { Emitter, Weights } from '../../step.ts';
import { f32, i32, type } from '../../wasm.ts';

/** w'[u, v, o, i] = w[2 - u, 2 - v, i, o], with channels in padded to those that dx stores. */
export function turnWeights(e: Emitter, weights: Weights, dx: Geometry): Weights {
  const { strides, inChannels, outChannels } = weights;
  const channelBytes = dx.stored * 4;
  const tapBytes = outChannels * channelBytes;
  const turned = e.scratch('turned weights', 9 * tapBytes);
  const taps = [2, 1, 0].flatMap((u) => [2, 1, 0].map((v) => u * strides.row + v * strides.column));
  const key = `turn weights ${JSON.stringify(strides)} ${inChannels} ${outChannels} ${dx.stored}`;
  const kernel = e.module.once(key, () =>
    e.module.function('turn weights', Array<typeof type.i32>(4).fill(type.i32), (f, source, target, from, to) => {
      f.for(from, to, (outChannel) => {
        taps.forEach((offset, tap) => {
          const place = f.let(i32.add(source, i32.add(i32.mul(outChannel, strides.out), offset)));
          const into = f.let(i32.add(target, i32.add(i32.mul(outChannel, channelBytes), tap * tapBytes)));
          f.repeat(inChannels, () => {
            f.emit(f32.store(into, f32.load(place)));
            f.advance(place, strides.in);
            f.advance(into, 4);
          });
          for (let pad = inChannels; pad < dx.stored; pad++)
            f.emit(f32.store(into, f32.const(0), (pad - inChannels) * 4));
        });
      });
    }),
  );
  e.step({
    name: 'turn weights',
    kernel,
    arguments: [weights.buffer, turned],
    units: outChannels,
    reads: [weights.buffer],
    writes: [turned],
  });
  return {
    ...weights,
    buffer: turned,
    inChannels: outChannels,
    outChannels: inChannels,
    strides: { row: 3 * tapBytes, column: tapBytes, in: channelBytes, out: 4 },
  };
}
