// Numbers as a picture: 0 is the colour of the page, and the further from it, the stronger one of two colours, petrol above and
// plum below. They differ in hue and in lightness, and do so in the eyes of the colour-blind.

import { colour } from '../components/colours.ts';

type Rgb = readonly [number, number, number];

export interface Palette {
  readonly zero: Rgb;
  readonly above: Rgb;
  readonly below: Rgb;
}

/** Of the theme that is shown. */
export function palette(): Palette {
  const rgb = (property: `--${string}`) =>
    colour(property)
      .match(/[\d.]+/g)!
      .map(Number) as unknown as Rgb;
  return { zero: rgb('--sunken'), above: rgb('--accent'), below: rgb('--series-4') };
}

/**
 * @param values height * width, from `offset` on
 * @param scale the value that has the full colour
 */
export function paintMap(
  canvas: HTMLCanvasElement,
  {
    values,
    offset,
    width,
    height,
    scale,
  }: { values: Float32Array; offset: number; width: number; height: number; scale: number },
  { zero, above, below }: Palette,
): void {
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const value = values[offset + i];
    const share = scale > 0 ? Math.min(1, Math.abs(value) / scale) : 0;
    const target = value < 0 ? below : above;
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = zero[c] + share * (target[c] - zero[c]);
    pixels.data[4 * i + 3] = 255;
  }
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
}

export function largest(values: Float32Array, offset = 0, length = values.length): number {
  let most = 0;
  for (let i = offset; i < offset + length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}
