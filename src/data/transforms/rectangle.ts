// Moving rectangles of pixels from one image to another: what padding, cropping and mirroring are made of. Bytes stand in
// one plane of interleaved pixels, floats in one plane a channel; both are walked here as planes of rows of elements.

import { isFloatImage } from '../image.ts';
import type { AnyImage } from './transform.ts';

/**
 * Shows `input` with its upper left corner at (left, top) of `output`; either may be negative. What lies outside of
 * `output` is cut, what `input` does not cover becomes `fill`.
 */
export function place(input: AnyImage, output: AnyImage, left: number, top: number, fill: number): void {
  const x0 = Math.max(0, left);
  const y0 = Math.max(0, top);
  const x1 = Math.min(output.width, left + input.width);
  const y1 = Math.min(output.height, top + input.height);
  if (x1 - x0 < output.width || y1 - y0 < output.height) output.data.fill(fill);

  const planes = isFloatImage(input) ? input.channels : 1;
  const pixel = isFloatImage(input) ? 1 : input.channels;
  const count = (x1 - x0) * pixel;
  const from = input.data;
  const to = output.data;
  for (let plane = 0; plane < planes; plane++) {
    for (let y = y0; y < y1; y++) {
      const source = ((plane * input.height + y - top) * input.width + x0 - left) * pixel;
      const target = ((plane * output.height + y) * output.width + x0) * pixel;
      // Rows are short: a loop is faster than set(subarray()), which makes an object a row.
      for (let i = 0; i < count; i++) to[target + i] = from[source + i];
    }
  }
}

/** Exchanges left and right. */
export function mirror(input: AnyImage, output: AnyImage): void {
  const pixel = isFloatImage(input) ? 1 : input.channels;
  const row = input.width * pixel;
  const from = input.data;
  const to = output.data;
  for (let start = 0; start < from.length; start += row) {
    // A strided pass a channel: one short loop fewer in the innermost place than pixel by pixel.
    for (let channel = 0; channel < pixel; channel++) {
      const end = start + row;
      let target = end - pixel + channel;
      for (let source = start + channel; source < end; source += pixel, target -= pixel) to[target] = from[source];
    }
  }
}

/** Exchanges top and bottom. */
export function mirrorRows(input: AnyImage, output: AnyImage): void {
  const { height, width } = input;
  const planes = isFloatImage(input) ? input.channels : 1;
  const row = isFloatImage(input) ? width : width * input.channels;
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < height; y++) {
      const source = (plane * height + y) * row;
      output.data.set(input.data.subarray(source, source + row), (plane * height + height - 1 - y) * row);
    }
  }
}
