// A map of what speaks for a class, as a highlighter would mark it: the more, the denser.

import type { HeatMap } from '../../../explain/index.ts';

/** A canvas of the map's size, transparent where nothing speaks for it. */
export function heatCanvas({ width, height, data }: HeatMap, colour: string): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  const [red, green, blue] = colour.match(/[\d.]+/g)!.map(Number);
  const most = data.reduce((a, b) => Math.max(a, b), 0) || 1;
  const pixels = new ImageData(width, height);
  data.forEach((value, i) => {
    pixels.data.set([red, green, blue, 255 * Math.max(0, value / most) ** 0.8], 4 * i);
  });
  context.putImageData(pixels, 0, 0);
  return canvas;
}
