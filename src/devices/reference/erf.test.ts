import { describe, expect, it } from 'vitest';
import { erf } from './erf.ts';

// From C's erf, through Python's math.erf.
const table: readonly (readonly [number, number])[] = [
  [0, 0],
  [1e-8, 1.1283791670955126e-8],
  [0.1, 0.1124629160182849],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [1.7, 0.9837904585907745],
  [2.5, 0.999593047982555],
  [2.999, 0.9999777698314002],
  [3, 0.9999779095030014],
  [3.001, 0.9999780483390822],
  [4, 0.9999999845827421],
  [5.5, 0.9999999999999927],
  [7, 1],
  [Number.POSITIVE_INFINITY, 1],
];

describe('erf', () => {
  it.each(table)('of %f is %f to double precision', (x, expected) => {
    expect(Math.abs(erf(x) - expected)).toBeLessThanOrEqual(1e-15 * expected);
    expect(erf(-x)).toBeCloseTo(-erf(x), 16);
  });

  it('keeps NaN', () => {
    expect(erf(Number.NaN)).toBeNaN();
  });
});
