// Turning, shearing and moving an image of bytes: for each output pixel an affine map says where in the input to look.
//
//   (x, y) of the input = (a x' + b y' + c, d x' + e y' + f)      for the centre (x', y') of an output pixel
//
// As Pillow computes it, to the bit: nearest neighbours in 16 bits of fraction, bilinear in float64.

import { cos, sin } from '../../tensor/elementary.ts';
import type { Image } from '../image.ts';

/** [a, b, c, d, e, f]: from output to input. */
export type AffineMap = readonly [number, number, number, number, number, number];

export interface AffineParameters {
  /** Degrees, clockwise. */
  readonly angle: number;
  /** Pixels to the right and down. */
  readonly translate: readonly [number, number];
  readonly scale: number;
  /** Degrees, along x and along y. */
  readonly shear: readonly [number, number];
}

/** The map of torchvision's `affine` about the middle of the image. */
export function affineMap({ angle, translate, scale, shear }: AffineParameters, image: Image): AffineMap {
  const [turn, shearX, shearY] = [angle, ...shear].map((degrees) => (degrees * Math.PI) / 180);
  const a = cos(turn - shearY) / cos(shearY);
  const b = (-cos(turn - shearY) * (sin(shearX) / cos(shearX))) / cos(shearY) - sin(turn);
  const c = sin(turn - shearY) / cos(shearY);
  const d = (-sin(turn - shearY) * (sin(shearX) / cos(shearX))) / cos(shearY) + cos(turn);
  const inverse = [d / scale, -b / scale, -c / scale, a / scale] as const;
  return about([image.width / 2, image.height / 2], inverse, translate);
}

/** The map of Pillow's `rotate`. @param angle degrees, counter-clockwise */
export function rotationMap(angle: number, { width, height }: Image): AffineMap {
  const turn = (-angle * Math.PI) / 180;
  const [c, s] = [round15(cos(turn)), round15(sin(turn))];
  return about([width / 2, height / 2], [c, s, -s, c], [0, 0]);
}

function about(
  [x, y]: readonly [number, number],
  [a, b, d, e]: readonly [number, number, number, number],
  [right, down]: readonly [number, number],
): AffineMap {
  return [a, b, a * (-x - right) + b * (-y - down) + x, d, e, d * (-x - right) + e * (-y - down) + y];
}

const round15 = (x: number) => Math.round(x * 1e15) / 1e15;

/** @param fill of what lies outside of the input */
export function transformAffine(
  input: Image,
  map: AffineMap,
  output: Image,
  interpolation: 'nearest' | 'bilinear',
  fill: number,
): void {
  output.data.fill(fill);
  if (interpolation === 'bilinear') bilinear(input, map, output);
  else nearest(input, map, output);
}

function nearest(input: Image, [a, b, c, d, e, f]: AffineMap, output: Image): void {
  const { channels, width, height } = input;
  const fixed = (value: number) => Math.floor(value * 65536 + 0.5);
  const [stepX, stepY] = [fixed(a), fixed(d)];
  let rowX = fixed(c + a * 0.5 + b * 0.5);
  let rowY = fixed(f + d * 0.5 + e * 0.5);
  for (let y = 0; y < output.height; y++, rowX += fixed(b), rowY += fixed(e)) {
    let [sourceX, sourceY] = [rowX, rowY];
    for (let x = 0; x < output.width; x++, sourceX += stepX, sourceY += stepY) {
      const [column, row] = [Math.floor(sourceX / 65536), Math.floor(sourceY / 65536)];
      if (column < 0 || column >= width || row < 0 || row >= height) continue;
      const source = (row * width + column) * channels;
      const target = (y * output.width + x) * channels;
      for (let channel = 0; channel < channels; channel++) output.data[target + channel] = input.data[source + channel];
    }
  }
}

function bilinear(input: Image, [a, b, c, d, e, f]: AffineMap, output: Image): void {
  const { channels, width, height, data } = input;
  for (let y = 0; y < output.height; y++) {
    for (let x = 0; x < output.width; x++) {
      const sourceX = a * (x + 0.5) + b * (y + 0.5) + c;
      const sourceY = d * (x + 0.5) + e * (y + 0.5) + f;
      if (sourceX < 0 || sourceX >= width || sourceY < 0 || sourceY >= height) continue;
      const left = Math.floor(sourceX - 0.5);
      const top = Math.floor(sourceY - 0.5);
      const [right, down] = [sourceX - 0.5 - left, sourceY - 0.5 - top];
      const x0 = Math.max(0, left) * channels;
      const x1 = Math.min(width - 1, left + 1) * channels;
      const row0 = Math.max(0, top) * width * channels;
      const row1 = Math.min(height - 1, top + 1) * width * channels;
      const target = (y * output.width + x) * channels;
      for (let channel = 0; channel < channels; channel++) {
        const upper = mix(data[row0 + x0 + channel], data[row0 + x1 + channel], right);
        const lower = mix(data[row1 + x0 + channel], data[row1 + x1 + channel], right);
        output.data[target + channel] = mix(upper, lower, down);
      }
    }
  }
}

const mix = (a: number, b: number, share: number) => a + (b - a) * share;
