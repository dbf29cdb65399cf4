// A digit as MNIST has it, from any picture of one: photographed or drawn, dark on light or light on dark, of any size and
// anywhere in the picture. MNIST's digits (LeCun et al. 1998) are light on black, scaled to fit a box of 20x20 pixels with
// their proportions kept and their edges smooth, and placed in 28x28 with the centre of mass in the middle. A network that was
// trained on them knows nothing else.

import { ResiduaError } from '../../errors.ts';
import type { Image } from '../image.ts';
import { findInk } from './ink.ts';
import { areaAverage, createPlane, luminance, type Plane, type Rectangle, shrink } from './plane.ts';

const SIZE = 28;
const BOX = 20;
/** Where MNIST's centres of mass are: the mean over its images, in pixels counted from 0. */
const CENTRE = 14;
/** Longest side of the picture that is worked on: ten times as fine as the result. */
const LONGEST = 256;
/** In pixels of the result. MNIST's pens are no thinner; a thin line would fade to grey when it is scaled down. */
const THINNEST_STROKE = 2;

export interface CentredDigit {
  /** [1, 28, 28] */
  readonly image: Image;
  /** The picture was dark on light. */
  readonly inverted: boolean;
  /** false for a picture that has MNIST's form already: it is returned as it is. */
  readonly changed: boolean;
  /** Where the result lies on the picture given: its 28x28 pixels cover this. It may reach beyond the edges. */
  readonly frame: Rectangle;
}

/** @throws ResiduaError where there is nothing on the picture */
export function centreDigit(image: Image): CentredDigit {
  const picture = luminance(image);
  if (isCentred(picture))
    return { image: toImage(picture.data), inverted: false, changed: false, frame: whole(picture) };
  const worked = shrink(picture, LONGEST);
  const found = findInk(worked);
  if (found === undefined) {
    throw new ResiduaError('there is no digit on this picture: it is evenly bright', {
      hint: 'Write it larger, or with more contrast.',
    });
  }
  const ink = thicken(found.ink);
  const box = boundsOf(ink);
  const scale = BOX / Math.max(box.width, box.height);
  const [width, height] = [box.width, box.height].map((side) => Math.max(1, Math.round(side * scale)));
  const digit = areaAverage(ink, box, width, height);
  const brightest = Math.max(...digit.data);

  const placed = createPlane(SIZE, SIZE);
  const [left, top] = [offset(digit, (i) => i % width, width), offset(digit, (i) => Math.floor(i / width), height)];
  for (let i = 0; i < digit.data.length; i++) {
    const [x, y] = [left + (i % width), top + Math.floor(i / width)];
    placed.data[y * SIZE + x] = (255 * digit.data[i]) / brightest;
  }
  // Thick lines reach beyond the plane that they were found on, by so much on each side.
  const margin = (ink.width - worked.width) / 2;
  const [right, down] = [picture.width / worked.width, picture.height / worked.height];
  const frame = {
    left: (box.left - margin - (left * box.width) / width) * right,
    top: (box.top - margin - (top * box.height) / height) * down,
    width: SIZE * (box.width / width) * right,
    height: SIZE * (box.height / height) * down,
  };
  return { image: toImage(placed.data), inverted: found.dark, changed: true, frame };
}

const whole = ({ width, height }: Plane): Rectangle => ({ left: 0, top: 0, width, height });

/** Where the digit begins, so that its centre of mass comes to the middle, but no part of it outside. */
function offset(digit: Plane, coordinate: (i: number) => number, extent: number): number {
  return Math.min(SIZE - extent, Math.max(0, Math.round(CENTRE - centreOfMass(digit, coordinate))));
}

function centreOfMass({ data }: Plane, coordinate: (i: number) => number): number {
  let [mass, moment] = [0, 0];
  data.forEach((value, i) => {
    mass += value;
    moment += value * coordinate(i);
  });
  return moment / mass;
}

/** Whether the picture is in MNIST's form: of all its 70,000 images this says yes. */
function isCentred(picture: Plane): boolean {
  const { width, height, data } = picture;
  if (width !== SIZE || height !== SIZE || data.every((value) => value === 0)) return false;
  const box = boundsOf(picture);
  const longest = Math.max(box.width, box.height);
  const isNear = (coordinate: (i: number) => number) => Math.abs(centreOfMass(picture, coordinate) - CENTRE) <= 1;
  return longest <= BOX && longest >= BOX - 1 && isNear((i) => i % width) && isNear((i) => Math.floor(i / width));
}

/** The smallest rectangle with everything above 0 in it. */
function boundsOf({ width, data }: Plane): Rectangle {
  let [left, right, top, bottom] = [Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY, 0];
  data.forEach((value, i) => {
    if (value <= 0) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y + 1);
  });
  return { left, top, width: right - left, height: bottom - top };
}

/** Makes strokes wider that would come out thinner than MNIST's: each point of ink becomes a disc. */
function thicken(ink: Plane): Plane {
  const { width: boxWidth, height: boxHeight } = boundsOf(ink);
  const wanted = (THINNEST_STROKE * Math.max(boxWidth, boxHeight)) / BOX;
  const radius = (wanted - strokeWidth(ink)) / 2;
  if (radius < 0.5) return ink;
  const reach = Math.ceil(radius);
  const [width, height] = [ink.width + 2 * reach, ink.height + 2 * reach];
  const result = createPlane(width, height);
  ink.data.forEach((value, i) => {
    if (value <= 0) return;
    const [x, y] = [(i % ink.width) + reach, Math.floor(i / ink.width) + reach];
    for (let dy = -reach; dy <= reach; dy++) {
      for (let dx = -reach; dx <= reach; dx++) {
        // The rim of the disc is smooth.
        const share = Math.min(1, Math.max(0, radius + 0.5 - Math.sqrt(dx * dx + dy * dy)));
        const place = (y + dy) * width + x + dx;
        result.data[place] = Math.max(result.data[place], share * value);
      }
    }
  });
  return result;
}

/** A stroke of width w and length l has the area w l and the circumference 2 (w + l): so w is nearly 2 area / circumference. */
function strokeWidth({ width, height, data }: Plane): number {
  const isInk = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] > 0.5;
  let [area, sides] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!isInk(x, y)) continue;
      area++;
      for (const [dx, dy] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ])
        if (!isInk(x + dx, y + dy)) sides++;
    }
  }
  // Counted in sides of pixels, a circumference that runs in all directions is 4 / pi times too long.
  return area === 0 ? 0 : (2 * area) / ((sides * Math.PI) / 4);
}

function toImage(data: Float32Array): Image {
  return { channels: 1, width: SIZE, height: SIZE, data: Uint8Array.from(data, Math.round) };
}
