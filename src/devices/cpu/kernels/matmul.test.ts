// Matrix products against plain loops in float64, with either matrix transposed; and those written for wide vectors against
// the others, bit for bit.

import { describe, expect, it } from 'vitest';
import { relativeError } from '../../../../test/compare.ts';
import { createHarness } from '../../../../test/kernel-harness.ts';
import { type Halo, noHalo } from '../geometry.ts';
import { matmulKernel } from './matmul.ts';

const shapes = [
  [1, 1, 1],
  [1, 64, 10],
  [32, 64, 10],
  [10, 32, 64],
  [32, 10, 64],
  [5, 3, 7],
  [2, 40, 33],
  [3, 9, 17],
  [6, 5, 130],
  [1, 2049, 515],
  [33, 513, 100],
  [7, 3000, 4],
] as const;

/** Between -1 and 1, different from place to place. */
const numbers = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + seed));

describe.each([
  { transposeA: false, transposeB: false },
  { transposeA: true, transposeB: false },
  { transposeA: false, transposeB: true },
])('a matrix product, transposed: $transposeA, $transposeB', ({ transposeA, transposeB }) => {
  const check = (rows: number, inner: number, columns: number, halo: Halo): void => {
    const [as, bs] = [numbers(rows * inner, 1), numbers(inner * columns, 2)];
    const run = (wide: boolean) => {
      const harness = createHarness({ wide });
      const matrix = (n: number, c: number) => harness.image({ n, h: 1, w: 1, c }, halo);
      const a = transposeA ? matrix(inner, rows) : matrix(rows, inner);
      const b = transposeB ? matrix(columns, inner) : matrix(inner, columns);
      const result = matrix(rows, columns);
      harness.fill(a, as);
      harness.fill(b, bs);
      matmulKernel(harness.emitter, a, b, result, { transposeA, transposeB });
      harness.clear(result);
      harness.run(wide ? 'scattered' : 'whole');
      const memory = harness.memoryOf(result);
      return { memory, values: harness.read(result), isZeroAround: harness.isZeroAround(result) };
    };
    const [narrow, wide] = [run(false), run(true)];
    const expected = Float64Array.from({ length: rows * columns }, (_, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      let sum = 0;
      for (let k = 0; k < inner; k++) {
        sum +=
          as[transposeA ? k * rows + row : row * inner + k] *
          bs[transposeB ? column * inner + k : k * columns + column];
      }
      return sum;
    });
    expect(relativeError(narrow.values, expected)).toBeLessThan(2e-5);
    expect(narrow.isZeroAround).toBe(true);
    expect(wide.memory).toEqual(narrow.memory);
  };

  it.each(shapes)('of %i rows, %i summands and %i columns', (rows, inner, columns) =>
    check(rows, inner, columns, noHalo),
  );

  it('of images with a halo', () => {
    check(6, 10, 9, { top: 1, left: 2, bottom: 1, right: 0 });
    check(20, 70, 65, { top: 1, left: 1, bottom: 1, right: 1 });
  });
});
