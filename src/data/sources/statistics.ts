// Mean and standard deviation of each channel over images, for Normalize. Every image counts the same, whatever its size,
// since a network sees all of them in one size.

import type { Dataset } from '../dataset.ts';
import type { Statistics } from './source.ts';

/** Enough to know a mean to a percent or so. */
const MOST_IMAGES = 1000;

/** Digits behind the point, as published ones have. */
const DIGITS = 4;

/** Measures a sample of at most 1,000 images, evenly spaced. */
export function measure(dataset: Dataset): Statistics {
  const [channels] = dataset.imageShape;
  const images = Math.min(dataset.length, MOST_IMAGES);
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (let i = 0; i < images; i++) {
    const { data, width, height } = dataset.get(Math.floor((i * dataset.length) / images)).image;
    const weight = 1 / (width * height * images);
    for (let channel = 0; channel < channels; channel++) {
      // Sums of whole numbers, exact in float64.
      let sum = 0;
      let square = 0;
      for (let p = channel; p < data.length; p += channels) {
        sum += data[p];
        square += data[p] * data[p];
      }
      sums[channel] += (sum * weight) / 255;
      squares[channel] += (square * weight) / (255 * 255);
    }
  }
  const round = (value: number) => Number(value.toFixed(DIGITS));
  const mean = Array.from(sums, round);
  // Images of one colour have no deviation, and nothing to divide by.
  const std = Array.from(sums, (m, c) => round(Math.sqrt(Math.max(0, squares[c] - m * m))) || 1);
  return { mean, std, images };
}
