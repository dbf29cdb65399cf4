// One channel of numbers, the form in which pictures of digits are worked on, and the one way in which they change size:
// by averaging over areas.

import type { Image } from '../image.ts';
import { luma } from '../luma.ts';

export interface Plane {
  readonly width: number;
  readonly height: number;
  /** height * width values; the column runs fastest. */
  readonly data: Float32Array;
}

/** In pixels; the corners may lie between them, and outside of the plane. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export function createPlane(width: number, height: number): Plane {
  return { width, height, data: new Float32Array(width * height) };
}

/** The brightness of each pixel, 0 to 255: one channel as it is, the luma of three. */
export function luminance({ width, height, channels, data }: Image): Plane {
  const plane = createPlane(width, height);
  for (let i = 0, p = 0; p < plane.data.length; p++, i += channels) {
    plane.data[p] = channels === 1 ? data[i] : luma(data[i], data[i + 1], data[i + 2]);
  }
  return plane;
}

/**
 * Cuts a rectangle out and brings it to another size: each new pixel is the mean over the area that it covers, parts of
 * pixels included. What lies outside of the plane counts as 0.
 */
export function areaAverage(plane: Plane, rectangle: Rectangle, width: number, height: number): Plane {
  const across = coverage(rectangle.left, rectangle.width, width, plane.width);
  const down = coverage(rectangle.top, rectangle.height, height, plane.height);
  const result = createPlane(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const { place: row, weight: rowWeight } of down[y]) {
        for (const { place, weight } of across[x]) sum += rowWeight * weight * plane.data[row * plane.width + place];
      }
      result.data[y * width + x] = sum;
    }
  }
  return result;
}

/** The old pixels that each new one covers along one side, and the shares of it that they fill. */
function coverage(start: number, extent: number, count: number, available: number) {
  const size = extent / count;
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [start + i * size, start + (i + 1) * size];
    const covered: { place: number; weight: number }[] = [];
    for (let place = Math.max(0, Math.floor(from)); place < Math.min(available, to); place++) {
      const weight = (Math.min(to, place + 1) - Math.max(from, place)) / size;
      if (weight > 0) covered.push({ place, weight });
    }
    return covered;
  });
}

/** No side longer than `longest`; smaller ones stay as they are. */
export function shrink(plane: Plane, longest: number): Plane {
  const scale = longest / Math.max(plane.width, plane.height);
  if (scale >= 1) return plane;
  const size = (side: number) => Math.max(1, Math.round(side * scale));
  const whole = { left: 0, top: 0, width: plane.width, height: plane.height };
  return areaAverage(plane, whole, size(plane.width), size(plane.height));
}
