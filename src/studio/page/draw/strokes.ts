// A drawing: strokes of a pen, each a list of points in units of the paper's side (0 to 1), so that it has no resolution of its own.

import type { Picture } from '../engine/network-jobs.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
  /** 0 to 1; 0.5 where the pen knows none. */
  readonly pressure: number;
}

export interface Stroke {
  readonly colour: string;
  /** Of the line, for the pressure 0.5. */
  readonly width: number;
  readonly points: readonly Point[];
}

/** As wide as a pen of MNIST is, compared with a digit that nearly fills the paper. */
export const PEN_WIDTH = 0.075;

/** Draws smooth lines: each point is the bend of a curve between the middles of its neighbours. */
export function paintStrokes(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  strokes: readonly Stroke[],
  size: number,
  colour?: string,
): void {
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const stroke of strokes) {
    context.strokeStyle = colour ?? stroke.colour;
    const { points } = stroke;
    points.forEach(({ x, y, pressure }, i) => {
      const before = points[Math.max(0, i - 1)];
      const twoBefore = points[Math.max(0, i - 2)];
      context.beginPath();
      context.lineWidth = stroke.width * size * (0.5 + pressure);
      context.moveTo((size * (twoBefore.x + before.x)) / 2, (size * (twoBefore.y + before.y)) / 2);
      context.quadraticCurveTo(
        size * before.x,
        size * before.y,
        (size * (before.x + x)) / 2,
        (size * (before.y + y)) / 2,
      );
      if (i === points.length - 1) context.lineTo(size * x, size * y);
      context.stroke();
    });
  }
}

/** Of the picture that networks are given. */
const SIZE = 280;

/** @param paper and ink for networks of grey images; undefined: white paper, and each stroke's own colour */
export function toPicture(
  strokes: readonly Stroke[],
  { paper = '#fff', ink }: { paper?: string; ink?: string },
): Picture {
  const canvas = new OffscreenCanvas(SIZE, SIZE);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = paper;
  context.fillRect(0, 0, SIZE, SIZE);
  paintStrokes(context, strokes, SIZE, ink);
  return { width: SIZE, height: SIZE, data: context.getImageData(0, 0, SIZE, SIZE).data };
}
