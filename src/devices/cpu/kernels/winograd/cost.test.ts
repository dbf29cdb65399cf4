// The rule against timings, of shapes that its constants were not fitted to: direct time divided by Winograd's, for forward, input
// gradient and weight gradient together. Shapes where the two are close are left out: either way is right for them.

import { describe, expect, it } from 'vitest';
import { preferWinograd } from './cost.ts';

const timings: readonly (readonly [number, number, number, number, number])[] = [
  [2, 3, 12, 9, 0.68],
  [2, 3, 12, 20, 1.47],
  [5, 3, 12, 3, 0.72],
  [5, 3, 12, 11, 1.25],
  [16, 3, 12, 5, 0.7],
  [16, 3, 12, 7, 1.21],
  [2, 6, 6, 9, 0.77],
  [2, 6, 6, 12, 1.33],
  [5, 6, 6, 6, 0.82],
  [5, 6, 6, 11, 1.4],
  [16, 6, 6, 5, 0.64],
  [16, 6, 6, 7, 1.22],
  [2, 12, 24, 3, 0.65],
  [2, 12, 24, 9, 1.35],
  [5, 12, 24, 2, 0.55],
  [5, 12, 24, 6, 1.34],
  [16, 12, 24, 9, 1.48],
  [2, 24, 24, 3, 0.7],
  [2, 24, 24, 6, 1.37],
  [5, 24, 24, 2, 0.53],
  [5, 24, 24, 4, 1.68],
  [16, 24, 24, 2, 0.81],
  [16, 24, 24, 5, 1.23],
  [2, 32, 32, 3, 0.61],
  [2, 32, 32, 6, 1.28],
  [5, 32, 32, 2, 0.48],
  [5, 32, 32, 4, 1.58],
  [16, 32, 32, 5, 1.28],
  [2, 48, 96, 3, 0.74],
  [2, 48, 96, 6, 1.54],
  [5, 48, 96, 2, 0.55],
  [5, 48, 96, 5, 1.27],
  [16, 48, 96, 5, 1.43],
  [2, 96, 32, 3, 0.61],
  [2, 96, 32, 6, 1.38],
  [5, 96, 32, 2, 0.5],
  [5, 96, 32, 4, 1.65],
  [16, 96, 32, 2, 0.83],
  [16, 96, 32, 5, 1.37],
];

/** Stride 2: batch, channels in and out, pixels a side of the input. */
const stridedTimings: typeof timings = [
  [2, 16, 32, 4, 0.21],
  [2, 6, 6, 6, 0.37],
  [16, 6, 6, 10, 0.3],
  [5, 6, 6, 18, 0.42],
  [2, 12, 24, 10, 0.46],
  [16, 24, 24, 10, 0.5],
  [5, 48, 96, 10, 0.59],
  [16, 8, 16, 12, 0.61],
  [5, 3, 12, 14, 0.55],
  [2, 24, 24, 8, 0.67],
  [16, 24, 24, 18, 0.76],
  [2, 96, 32, 18, 0.76],
  [5, 12, 24, 8, 0.81],
  [16, 8, 16, 14, 0.82],
  [5, 96, 32, 28, 1.23],
  [16, 64, 128, 28, 1.23],
  [5, 96, 32, 22, 1.3],
  [16, 16, 32, 8, 1.33],
  [2, 24, 24, 32, 1.36],
  [16, 32, 64, 8, 1.41],
  [16, 32, 64, 16, 1.47],
  [16, 96, 32, 32, 1.55],
];

const shapeOf = (n: number, inChannels: number, outChannels: number, extent: number, stride: 1 | 2 = 1) => ({
  n,
  inChannels,
  height: extent,
  width: extent,
  outChannels,
  outHeight: Math.ceil(extent / stride),
  outWidth: Math.ceil(extent / stride),
  kernelHeight: 3,
  kernelWidth: 3,
  window: { stride: [stride, stride] as const, padding: [1, 1] as const },
});

describe('preferring Winograd', () => {
  it.each(timings)(
    'batch %i, %i -> %i channels at %i pixels a side: %f times as fast',
    (n, from, to, extent, ratio) => {
      expect(preferWinograd(shapeOf(n, from, to, extent))).toBe(ratio > 1);
    },
  );

  it.each(stridedTimings)(
    'batch %i, %i -> %i channels at %i pixels a side, stride 2: %f times as fast',
    (n, from, to, extent, ratio) => {
      expect(preferWinograd(shapeOf(n, from, to, extent, 2))).toBe(ratio > 1);
    },
  );

  it('never where it cannot be done', () => {
    const shape = shapeOf(8, 64, 64, 16);
    expect(preferWinograd(shape)).toBe(true);
    expect(preferWinograd({ ...shape, window: { stride: [3, 1], padding: [1, 1] } })).toBe(false);
    expect(preferWinograd({ ...shape, window: { stride: [1, 1], padding: [1, 3] } })).toBe(false);
    expect(preferWinograd({ ...shape, kernelWidth: 5 })).toBe(false);
  });
});
