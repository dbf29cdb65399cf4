// The ink of a picture of a digit: how much of it there is at each pixel, 0 to 1, whatever the paper's colour, the light on
// it and the camera's noise. What differs from the paper is ink, on the side (darker or lighter) where more of it is. Specks
// and what comes in from the edge of the picture (a shadow, the table) are left out.

import { components } from './components.ts';
import { fitPaper } from './paper.ts';
import { createPlane, type Plane } from './plane.ts';

/** Paper rarely deviates from its surface by more than so many standard deviations ... */
const NOISE = 3.5;
/** ... nor noise by more at a pixel next to ink. */
const NOISE_NEXT_TO_INK = 2.5;
/** Of the full contrast: what is ink for sure, and what may be the edge of a stroke beside it. */
const SURE = 0.4;
const EDGE = 0.2;
/** Of 255. Fainter marks than this are no digit. */
const SMALLEST_CONTRAST = 12;
/** Of the largest piece. Digits may come in pieces; smaller ones are specks. */
const SPECK = 0.08;
/** Of the picture's circumference. What touches more of the edge comes from outside. */
const FROM_OUTSIDE = 0.1;
/** Ink below and above these shares of the contrast counts as none and as full. */
const [NONE, FULL] = [0.15, 0.75];

export interface Ink {
  readonly ink: Plane;
  /** Dark on light: the other way round than MNIST. */
  readonly dark: boolean;
}

/** @returns undefined for a picture without marks */
export function findInk(picture: Plane): Ink | undefined {
  const { width, height } = picture;
  const { surface, deviation } = fitPaper(picture);
  const noise = Math.max(1, deviation);
  const difference = picture.data.map((value, i) => value - surface.data[i]);
  const squares = { dark: 0, light: 0 };
  for (const value of difference)
    if (Math.abs(value) > NOISE * noise) squares[value < 0 ? 'dark' : 'light'] += value * value;
  const dark = squares.dark > squares.light;
  const marks = difference.map((value) => Math.max(0, dark ? -value : value));

  const strong = marks.filter((mark) => mark > NOISE * noise).sort();
  if (strong.length === 0) return undefined;
  const contrast = strong[Math.floor(0.8 * (strong.length - 1))];
  if (contrast < SMALLEST_CONTRAST) return undefined;
  const sure = Math.max(SURE * contrast, NOISE * noise);
  const edge = Math.min(sure, Math.max(EDGE * contrast, NOISE_NEXT_TO_INK * noise));

  const pieces = components(
    Uint8Array.from(marks, (mark) => (mark > edge ? 1 : 0)),
    width,
    height,
  ).map(({ pixels, onEdge }) => ({ pixels, onEdge, size: pixels.filter((pixel) => marks[pixel] > sure).length }));
  const inside = pieces.filter(({ onEdge }) => onEdge <= FROM_OUTSIDE * 2 * (width + height));
  const kept = inside.some(({ size }) => size > 0) ? inside : pieces;
  const largest = Math.max(0, ...kept.map(({ size }) => size));
  if (largest === 0) return undefined;
  const ink = createPlane(width, height);
  for (const { pixels, size } of kept) {
    if (size < SPECK * largest) continue;
    for (const pixel of pixels) {
      ink.data[pixel] = Math.min(1, Math.max(0, (marks[pixel] / contrast - NONE) / (FULL - NONE)));
    }
  }
  return { ink, dark };
}
