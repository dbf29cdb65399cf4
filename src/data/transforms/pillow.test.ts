// Every operation on bytes gives what Pillow gives (test/golden/pil-transforms.py), to the bit.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Image } from '../image.ts';
import { affineMap, rotationMap, transformAffine } from './affine.ts';
import {
  autoContrast,
  brightness,
  contrast,
  equalize,
  hue,
  posterize,
  saturation,
  sharpness,
  solarize,
} from './colour.ts';
import { type Interpolation, Resampler } from './resample.ts';

const path = fileURLToPath(new URL('../../../test/golden/pil-transforms.safetensors', import.meta.url));
const { tensors } = readSafetensors(readFileSync(path), path);

function image(name: string): Image {
  const { shape, data } = tensors.get(name)!;
  const [height, width, channels] = shape;
  return { height, width, channels, data: data as Uint8Array };
}
const like = ({ height, width, channels, data }: Image): Image => {
  return { height, width, channels, data: new Uint8Array(data.length).fill(99) };
};
const picture = image('picture');
const cases = (first: string) => [...tensors.keys()].filter((name) => name.split(' ')[0] === first);

function compare(found: Image, name: string, allowed = 0) {
  const expected = image(name);
  let different = 0;
  for (let i = 0; i < expected.data.length; i++) if (found.data[i] !== expected.data[i]) different++;
  expect(different, `bytes of ${expected.data.length} that differ`).toBeLessThanOrEqual(allowed);
}

describe('resizing', () => {
  it.each(cases('resize'))('%s', (name) => {
    const input = name.includes('grey') ? image('grey') : picture;
    const interpolation = name.replace('grey ', '').split(' ')[1] as Interpolation;
    const output = like(image(name));
    new Resampler().run(input, { left: 0, top: 0, width: input.width, height: input.height }, output, interpolation);
    compare(output, name);
  });

  it.each(cases('crop'))('%s', (name) => {
    const [, interpolation, left, top, width, height] = name.split(' ');
    const output = like(image(name));
    const box = { left: Number(left), top: Number(top), width: Number(width), height: Number(height) };
    new Resampler().run(picture, box, output, interpolation as Interpolation);
    compare(output, name);
  });
});

describe('turning', () => {
  it.each(cases('rotate'))('%s', (name) => {
    const [, interpolation, angle] = name.split(' ');
    const output = like(picture);
    transformAffine(picture, rotationMap(Number(angle), picture), output, interpolation as 'nearest', 50);
    compare(output, name);
  });

  it.each(cases('affine'))('%s', (name) => {
    const [, interpolation, ...numbers] = name.split(' ');
    const [angle, right, down, scale, shearX, shearY] = numbers.map(Number);
    const map = affineMap({ angle, translate: [right, down], scale, shear: [shearX, shearY] }, picture);
    const output = like(picture);
    transformAffine(picture, map, output, interpolation as 'nearest', 0);
    compare(output, name);
  });
});

const operations = { brightness, contrast, saturation, sharpness, hue, posterize, solarize };
describe.each(Object.entries(operations))('%s', (name, operation) => {
  it.each(cases(name))('%s', (name) => {
    const input = name.includes('grey') ? image('grey') : picture;
    const output = like(input);
    operation(input, output, Number(name.split(' ').at(-1)));
    compare(output, name);
  });
});

describe('by the histogram', () => {
  it.each([
    ['autoContrast dull', autoContrast, 'dull'],
    ['equalize dull', equalize, 'dull'],
    ['equalize', equalize, 'equalize large'],
  ] as const)('%s', (name, operation, input) => {
    const output = like(image(input));
    operation(image(input), output, 0);
    compare(output, name);
  });
});
