// Pictures of MNIST's digits as a camera would take them: larger, anywhere on the paper, dark on light, in light that falls
// from one side, with noise.

import type { Image } from '../src/data/index.ts';
import type { RandomStream } from '../src/tensor/random.ts';

export interface Photograph {
  readonly width: number;
  readonly height: number;
  /** Dark ink on light paper. */
  readonly dark: boolean;
  /** How much brighter one side is than the other, as a share of the brightness in the middle. */
  readonly gradient: number;
  /** Standard deviation of the noise, of 255. */
  readonly noise: number;
  /** Of the digit's 28x28 pixels, as a share of the shorter side. */
  readonly size: number;
}

export function photograph(digit: Image, photo: Photograph, random: RandomStream): Image {
  const { width, height, dark, gradient, noise, size } = photo;
  const side = size * Math.min(width, height);
  const [left, top] = [random.uniform() * (width - side), random.uniform() * (height - side)];
  const angle = 2 * Math.PI * random.uniform();
  const [paper, ink] = dark ? [215, 45] : [45, 215];
  const data = Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const share = bilinear(digit, ((x + 0.5 - left) * 28) / side - 0.5, ((y + 0.5 - top) * 28) / side - 0.5) / 255;
    const light = 1 + gradient * ((x / width - 0.5) * Math.cos(angle) + (y / height - 0.5) * Math.sin(angle));
    // The sum of twelve uniform numbers is nearly normal, with variance 1.
    let normal = -6;
    if (noise > 0) for (let n = 0; n < 12; n++) normal += random.uniform();
    return Math.min(255, Math.max(0, (paper * (1 - share) + ink * share) * light + (noise > 0 ? noise * normal : 0)));
  });
  return { channels: 1, width, height, data };
}

/** 0 outside. */
function bilinear({ width, height, data }: Image, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const at = (column: number, row: number) =>
    column >= 0 && row >= 0 && column < width && row < height ? data[row * width + column] : 0;
  const row = (r: number) => at(left, r) * (left + 1 - x) + at(left + 1, r) * (x - left);
  return row(top) * (top + 1 - y) + row(top + 1) * (y - top);
}
