// Sums over the pixels of images, against sums in float64, and bit for bit on narrow and on wide vectors.

import { beforeAll, describe, expect, it } from 'vitest';
import { createHarness, type Order } from '../../../../test/kernel-harness.ts';
import { randomStream } from '../../../tensor/random.ts';
import { noHalo } from '../geometry.ts';
import { prepareV8 } from '../v8-flags.node.ts';
import { spatialSum } from './reduction.ts';

const [n, h, w] = [3, 5, 6];
const random = randomStream({ seed: 12, purpose: 'augment' });

function sums(c: number, padding: number, values: Float32Array, wide: boolean, order: Order) {
  const bench = createHarness({ wide });
  const x = bench.image({ n, h, w, c }, { top: padding, left: padding, bottom: padding, right: padding });
  const result = bench.image({ n, h: 1, w: 1, c }, noHalo);
  bench.fill(x, values);
  bench.clear(result);
  const kernel = spatialSum(bench.emitter, x.geometry, result.geometry);
  const [reads, writes] = [[x.buffer], [result.buffer]];
  bench.emitter.step({ name: 'spatialSum', kernel, arguments: [...reads, ...writes], units: n, reads, writes });
  bench.run(order);
  return { values: bench.read(result), memory: Buffer.from(bench.memoryOf(result).buffer) };
}

describe('the sums over the pixels of images', () => {
  beforeAll(() => {
    prepareV8();
  });

  it.each([1, 3, 4, 5, 8, 12, 16, 20, 64])('of %i channels', (c) => {
    const values = Float32Array.from({ length: n * c * h * w }, () => 2 * random.uniform() - 1);
    for (const padding of [0, 1]) {
      const narrow = sums(c, padding, values, false, 'whole');
      narrow.values.forEach((sum, i) => {
        const expected = values.subarray(i * h * w, (i + 1) * h * w).reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(expected, 5);
      });
      const wide = sums(c, padding, values, true, 'scattered');
      expect(narrow.memory.equals(wide.memory), 'any order, any width of vectors').toBe(true);
    }
  });
});
