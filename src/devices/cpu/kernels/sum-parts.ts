// Adds up what a fixed number of parts have computed, always in the same order: this is why results don't depend on how many
// threads shared the parts out.

import { vectorBytes } from '../geometry.ts';
import type { Buffer, Emitter } from '../step.ts';
import { f32x4, i32, v128 } from '../wasm.ts';

const vectorsAUnit = 256;

/**
 * result = partials[0] + partials[1] + ...
 *
 * @param bytes of a part, and of the result; a multiple of 16
 */
export function sumParts(e: Emitter, partials: Buffer, parts: number, bytes: number, result: Buffer): void {
  const vectors = bytes / vectorBytes;
  const kernel = e.module.once('sumParts', [bytes, parts], 4, (f, source, target, from, to) => {
    const first = f.let(i32.mul(from, vectorsAUnit));
    const last = f.least(i32.mul(to, vectorsAUnit), vectors);
    f.for(first, last, (index) => {
      const offset = f.let(i32.mul(index, vectorBytes));
      const place = f.let(i32.add(source, offset));
      const sum = f.vector(v128.load(place));
      if (parts > 1) {
        f.repeat(parts - 1, () => {
          f.advance(place, bytes);
          f.set(sum, f32x4.add(sum, v128.load(place)));
        });
      }
      f.emit(v128.store(i32.add(target, offset), sum));
    });
  });
  e.step({
    name: 'sum parts',
    kernel,
    units: Math.ceil(vectors / vectorsAUnit),
    reads: [partials],
    writes: [result],
  });
}
