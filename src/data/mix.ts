// Mixup and CutMix: training on mixtures of two images, with their labels in the same proportion. Within a batch each image
// is mixed with the one before it, the first with the last, all in one proportion (as torchvision.transforms.v2 does).
//
//   Mixup   x = share * own + (1 - share) * partner                      Zhang et al., arXiv:1710.09412, eq. 1
//   CutMix  x = own, but for a rectangle of 1 - share of its area        Yun et al., arXiv:1905.04899, eq. 1 and 2
//
// The share is drawn from Beta(alpha, alpha). With both, a coin decides for each batch.

import { UsageError } from '../errors.ts';
import { exp, log } from '../tensor/elementary.ts';
import { type RandomStream, randomStream } from '../tensor/random.ts';
import type { Batch } from './batch.ts';
import type { FloatImage } from './image.ts';

export interface MixOptions {
  /** Alpha of Mixup, above 0; 0 or left out for none. Papers use 0.2 to 1. */
  readonly mixup?: number;
  /** Alpha of CutMix, above 0; 0 or left out for none. Papers use 1. */
  readonly cutmix?: number;
}

export function isMixed({ mixup = 0, cutmix = 0 }: MixOptions): boolean {
  return mixup > 0 || cutmix > 0;
}

/** The function that mixes a batch in place. The numbers are keyed by (seed, epoch, first place of the batch). */
export function batchMixer(options: MixOptions, seed: number) {
  const { mixup = 0, cutmix = 0 } = options;
  for (const [name, alpha] of Object.entries({ mixup, cutmix })) {
    if (!(alpha >= 0 && alpha < Infinity)) throw new UsageError(`${name} must be a number from 0 up, found ${alpha}`);
  }
  const stream = randomStream({ seed, purpose: 'mix' });
  return (batch: Batch, images: readonly FloatImage[], epoch: number, start: number): void => {
    const { size, labels, mixed, targets } = batch;
    if (mixed === undefined) return;
    const { partners, share } = mixed;
    stream.at(epoch, start);
    const cut = cutmix > 0 && (mixup === 0 || stream.uniform() < 0.5);
    const drawn = beta(cut ? cutmix : mixup, stream);
    share[0] = cut ? cutAndPaste(images, size, drawn, stream) : blend(images, size, drawn);
    for (let i = 0; i < size; i++) partners[i] = labels[before(i, size)];
    if (targets) blendRows(targets, size, share[0]);
  };
}

const before = (i: number, size: number) => (i === 0 ? size - 1 : i - 1);

function blend(images: readonly FloatImage[], size: number, share: number): number {
  const last = images[size - 1].data.slice();
  // From the end, so that each still finds the one before it unmixed.
  for (let i = size - 1; i >= 0; i--) mixInto(images[i].data, i === 0 ? last : images[i - 1].data, share);
  return share;
}

/** The rows of [size, classes], like images. */
function blendRows(targets: Float32Array, size: number, share: number): void {
  const classes = targets.length / size;
  const row = (i: number) => targets.subarray(i * classes, (i + 1) * classes);
  const last = row(size - 1).slice();
  for (let i = size - 1; i >= 0; i--) mixInto(row(i), i === 0 ? last : row(i - 1), share);
}

function mixInto(own: Float32Array, other: Float32Array, share: number): void {
  for (let p = 0; p < own.length; p++) own[p] = share * own[p] + (1 - share) * other[p];
}

/** @returns the share that remains: the rectangle is cut at the edges of the image */
function cutAndPaste(images: readonly FloatImage[], size: number, share: number, stream: RandomStream): number {
  const { height, width, channels } = images[0];
  const x = stream.integer(width);
  const y = stream.integer(height);
  const half = 0.5 * Math.sqrt(1 - share);
  const [halfWidth, halfHeight] = [Math.trunc(half * width), Math.trunc(half * height)];
  const [left, right] = [Math.max(0, x - halfWidth), Math.min(width, x + halfWidth)];
  const [top, bottom] = [Math.max(0, y - halfHeight), Math.min(height, y + halfHeight)];
  const last = images[size - 1].data.slice();
  for (let i = size - 1; i >= 0; i--) {
    const own = images[i].data;
    const other = i === 0 ? last : images[i - 1].data;
    for (let channel = 0; channel < channels; channel++) {
      for (let row = top; row < bottom; row++) {
        const start = (channel * height + row) * width;
        for (let p = start + left; p < start + right; p++) own[p] = other[p];
      }
    }
  }
  return 1 - ((right - left) * (bottom - top)) / (width * height);
}

/** From Beta(alpha, alpha): the share of one of two draws from the gamma distribution in their sum. */
function beta(alpha: number, stream: RandomStream): number {
  const a = gamma(alpha, stream);
  const b = gamma(alpha, stream);
  return a + b === 0 ? Number(stream.uniform() < 0.5) : a / (a + b);
}

/** Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000); below 1 by their section 6. */
function gamma(shape: number, stream: RandomStream): number {
  if (shape < 1) return gamma(shape + 1, stream) * exp(log(1 - stream.uniform()) / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = stream.normal();
    const root = 1 + c * x;
    const v = root * root * root;
    if (v > 0 && log(1 - stream.uniform()) < 0.5 * x * x + d - d * v + d * log(v)) return d * v;
  }
}
