// How a tensor lies in the device's memory: pixel after pixel (NHWC), the channels of a pixel padded to whole vectors of
// four, and around each image a halo of zero pixels, so that a convolution reads over the edge without a check. Neighbours share
// a halo: what lies to the right of a row lies to the left of the next one, below an image is above the next one.
//
//   0 0 0 0
//   0 a a a              an image of 2x3 pixels with a halo of one, then the next one: a zero to the right of a row is the one to
//   0 a a a              the left of the row below. Pad channels are always zero too.
//   0 0 0 0
//   0 b b b ...
//
// All offsets and strides are in bytes; every element has four.

import type { Axis } from '../../compiler/view.ts';

export const elementBytes = 4;
export const vectorBytes = 16;

export interface Halo {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export const noHalo: Halo = { top: 0, left: 0, bottom: 0, right: 0 };

export interface Geometry extends Halo {
  /** Images, rows, columns, channels. */
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  /** Channels as stored: the next multiple of 4. */
  readonly stored: number;
  readonly pixelBytes: number;
  readonly rowBytes: number;
  readonly imageBytes: number;
  /** Of the first pixel that is not halo. */
  readonly origin: number;
  readonly bytes: number;
}

export function geometry(
  { n, h, w, c }: { n: number; h: number; w: number; c: number },
  halo: Halo = noHalo,
): Geometry {
  const stored = Math.ceil(c / 4) * 4;
  const pixelBytes = stored * elementBytes;
  const rowBytes = (w + Math.max(halo.left, halo.right)) * pixelBytes;
  const imageBytes = (h + Math.max(halo.top, halo.bottom)) * rowBytes;
  const origin = halo.top * rowBytes + halo.left * pixelBytes;
  const { top, left, bottom, right } = halo;
  const lastPixel = origin + (n - 1) * imageBytes + (h - 1 + bottom) * rowBytes + (w - 1 + right) * pixelBytes;
  return {
    n,
    h,
    w,
    c,
    top,
    left,
    bottom,
    right,
    stored,
    pixelBytes,
    rowBytes,
    imageBytes,
    origin,
    bytes: lastPixel + pixelBytes,
  };
}

/** Bytes from one element to the next. */
export const strideAlong = (g: Geometry): Readonly<Record<Axis, number>> => ({
  n: g.imageBytes,
  h: g.rowBytes,
  w: g.pixelBytes,
  c: elementBytes,
});

export function hasHalo({ top, left, bottom, right }: Halo): boolean {
  return top + left + bottom + right > 0;
}

/** Work on an NHWC tensor without halo is work on one row of pixels. */
export function isContiguous(g: Geometry): boolean {
  return !hasHalo(g);
}
