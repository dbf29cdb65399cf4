// Digits that were photographed, drawn or moved come back as MNIST has them: compared with the MNIST image that the picture
// was made of.

import { beforeAll, describe, expect, it } from 'vitest';
import { type Photograph, photograph } from '../../../test/photograph.ts';
import { ResiduaError } from '../../errors.ts';
import { randomStream } from '../../tensor/random.ts';
import type { Dataset } from '../dataset.ts';
import type { Image } from '../image.ts';
import { loadMnist } from '../load-dataset.node.ts';
import { centreDigit } from './centre-digit.ts';

let mnist: Dataset;
beforeAll(async () => {
  mnist = await loadMnist({ split: 'test' });
});

/** Cosine of the angle between two images as vectors: 1 for the same but for brightness. */
function similarity({ data: a }: Image, { data: b }: Image): number {
  const dot = (p: Uint8Array, q: Uint8Array) => p.reduce((sum, value, i) => sum + value * q[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** Rows and columns that a digit fills, and where its centre of mass is, counted from 0. */
function measure({ width, data }: Image) {
  const lit = Array.from(data, (value, i) => ({ value, x: i % width, y: Math.floor(i / width) })).filter(
    (p) => p.value,
  );
  const mass = lit.reduce((sum, { value }) => sum + value, 0);
  const span = (list: number[]) => Math.max(...list) - Math.min(...list) + 1;
  return {
    size: [span(lit.map(({ x }) => x)), span(lit.map(({ y }) => y))],
    centre: ['x', 'y'].map((axis) => lit.reduce((sum, p) => sum + p.value * p[axis as 'x' | 'y'], 0) / mass),
    brightest: Math.max(...data),
  };
}

/** A picture of the given brightness, with marks of another on it. */
function drawing(width: number, height: number, paper: number, ink: number, isInk: (x: number, y: number) => boolean) {
  const data = Uint8Array.from({ length: width * height }, (_, i) =>
    isInk(i % width, Math.floor(i / width)) ? ink : paper,
  );
  return { channels: 1, width, height, data };
}

it("leaves MNIST's own images as they are", () => {
  for (let i = 0; i < 2000; i++) {
    const { image } = mnist.get(i);
    const centred = centreDigit(image);
    expect(centred).toMatchObject({ changed: false, inverted: false });
    if (similarity(centred.image, image) < 1 - 1e-12) throw new Error(`image ${i} was changed`);
  }
});

describe('gives back the digit that a picture was made of', () => {
  const usual: Photograph = { width: 400, height: 300, dark: true, gradient: 0, noise: 0, size: 0.8 };
  it.each<[string, Partial<Photograph>]>([
    ['dark on light', {}],
    ['light on dark', { dark: false }],
    ['in uneven light, with noise', { gradient: 0.8, noise: 12 }],
    ['light on dark, in uneven light, with noise', { dark: false, gradient: 0.8, noise: 12 }],
    ['small on the paper', { size: 0.3, gradient: 0.5, noise: 8 }],
    ['on a narrow strip', { width: 120, height: 400, gradient: 0.5, noise: 8, size: 0.9 }],
    ['that fills the picture', { width: 250, height: 250, size: 1.2, gradient: 0.5 }],
    ['of few pixels', { width: 36, height: 36, size: 0.9 }],
  ])('%s', (_, difference) => {
    const photo = { ...usual, ...difference };
    const found = Array.from({ length: 20 }, (_, i) => {
      const { image } = mnist.get(50 * i);
      const random = randomStream({ seed: 1, purpose: 'augment', index: i });
      const centred = centreDigit(photograph(image, photo, random));
      expect(centred).toMatchObject({ changed: true, inverted: photo.dark });
      return similarity(centred.image, image);
    });
    const mean = found.reduce((sum, value) => sum + value) / found.length;
    // Two different images of the same digit have about 0.6, a digit moved by one pixel 0.85.
    expect(mean).toBeGreaterThan(0.9);
    expect(Math.min(...found)).toBeGreaterThan(0.6);
  });

  it('in colour', () => {
    const { image } = mnist.get(3);
    const grey = photograph(image, usual, randomStream({ seed: 2, purpose: 'augment' }));
    // Blue ink on yellowish paper.
    const data = Uint8Array.from({ length: 3 * grey.data.length }, (_, i) => {
      const value = grey.data[Math.floor(i / 3)];
      return i % 3 === 2 ? 0.6 * value + 70 : value;
    });
    expect(similarity(centreDigit({ ...grey, channels: 3, data }).image, image)).toBeGreaterThan(0.9);
  });
});

describe("brings any drawing into MNIST's form", () => {
  it.each<[string, (x: number, y: number) => boolean, readonly [number, number]]>([
    ['a tall stroke', (x, y) => x >= 40 && x < 52 && y >= 30 && y < 150, [2, 20]],
    ['a ring', (x, y) => Math.abs(Math.hypot(x - 200, y - 90) - 60) < 8, [20, 20]],
    ['a wide bar', (x, y) => x >= 100 && x < 260 && y >= 100 && y < 140, [20, 5]],
  ])('%s: 20 pixels long, its centre of mass in the middle, full contrast', (_, isInk, size) => {
    const { image, inverted } = centreDigit(drawing(300, 180, 230, 60, isInk));
    const found = measure(image);
    expect(found.size).toEqual(size);
    for (const place of found.centre) expect(Math.abs(place - 14)).toBeLessThanOrEqual(0.5);
    expect(found.brightest).toBe(255);
    expect(inverted).toBe(true);
  });

  it('thin lines become as thick as a pen of MNIST', () => {
    const { image } = centreDigit(drawing(300, 200, 255, 0, (x, y) => x === 150 && y >= 20 && y < 180));
    const { size, brightest } = measure(image);
    expect(size[0]).toBeGreaterThanOrEqual(2);
    expect(size[1]).toBe(20);
    expect(brightest).toBe(255);
    // Not a faint line: rows in the middle are lit as a stroke of two pixels is.
    const row = image.data.subarray(14 * 28, 15 * 28).reduce((sum, value) => sum + value, 0);
    expect(row).toBeGreaterThan(1.5 * 255);
  });

  it('specks, and what comes in from the edge, have no part in it', () => {
    const ring = (x: number, y: number) => Math.abs(Math.hypot(x - 150, y - 90) - 40) < 6;
    const clean = centreDigit(drawing(300, 180, 220, 40, ring));
    const speck = (x: number, y: number) => Math.hypot(x - 20, y - 20) < 3;
    const table = (x: number, _y: number) => x >= 270;
    expect(centreDigit(drawing(300, 180, 220, 40, (x, y) => ring(x, y) || speck(x, y))).image).toEqual(clean.image);
    const beside = centreDigit(drawing(300, 180, 220, 40, (x, y) => ring(x, y) || table(x, y)));
    expect(similarity(beside.image, clean.image)).toBeGreaterThan(0.95);
  });

  it('the same digit anywhere on the paper gives nearly the same image', () => {
    const at = (left: number, top: number) => {
      const ring = (x: number, y: number) => Math.abs(Math.hypot(x - left, y - top) - 30) < 8;
      const tail = (x: number, y: number) => Math.abs(x - left + 30) < 8 && y <= top && y > top - 60;
      return centreDigit(drawing(400, 300, 240, 20, (x, y) => ring(x, y) || tail(x, y))).image;
    };
    expect(similarity(at(70, 80), at(320, 211))).toBeGreaterThan(0.98);
  });
});

describe('says that there is no digit', () => {
  it.each<[string, Image]>([
    ['on white paper', drawing(100, 80, 255, 0, () => false)],
    ['on a black picture of 28x28', drawing(28, 28, 0, 0, () => false)],
    ['on a single pixel', drawing(1, 1, 90, 0, () => false)],
    [
      'in light from the side',
      { channels: 1, width: 200, height: 2, data: Uint8Array.from({ length: 400 }, (_, i) => i % 200) },
    ],
  ])('%s', (_, image) => {
    expect(() => centreDigit(image)).toThrow(ResiduaError);
    expect(() => centreDigit(image)).toThrow('no digit');
  });
});

describe('says where on the picture the result lies', () => {
  it.each([
    [400, 300],
    [120, 500],
  ])('%i x %i pixels', (width, height) => {
    // A bar of one eighth by half the picture: 20 pixels of the result are its length.
    const [left, top, across, down] = [width / 2, height / 4, width / 8, height / 2];
    const isInk = (x: number, y: number) => x >= left && x < left + across && y >= top && y < top + down;
    const { frame, image } = centreDigit(drawing(width, height, 250, 20, isInk));
    const { size, centre } = measure(image);
    const [scaleX, scaleY] = [frame.width / 28, frame.height / 28];
    expect(size[1]).toBe(20);
    expect(Math.abs(size[0] * scaleX - across)).toBeLessThan(1.5 * scaleX);
    expect(Math.abs(size[1] * scaleY - down)).toBeLessThan(scaleY);
    expect(Math.abs(frame.left + (centre[0] + 0.5) * scaleX - (left + across / 2))).toBeLessThan(scaleX);
    expect(Math.abs(frame.top + (centre[1] + 0.5) * scaleY - (top + down / 2))).toBeLessThan(scaleY);
  });

  it('all of it, where it has that form already', () => {
    const { image } = mnist.get(0);
    expect(centreDigit(image).frame).toEqual({ left: 0, top: 0, width: 28, height: 28 });
  });
});
