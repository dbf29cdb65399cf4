// Transforms that draw random numbers: what they may give, how often, and that they repeat. What each does to bytes is
// compared with Pillow in pillow.test.ts.

import { describe, expect, it } from 'vitest';
import { randomStream } from '../../tensor/random.ts';
import type { Image } from '../image.ts';
import {
  colorJitter,
  compose,
  fromConfig,
  grayscale,
  randAugment,
  randomAffine,
  randomErasing,
  randomResizedCrop,
  randomRotation,
  randomVerticalFlip,
  resize,
  type Transform,
  toTensor,
  trivialAugmentWide,
} from './index.ts';

const stream = randomStream({ seed: 3, purpose: 'augment' });
/** Each pixel says where it is: red is the column, green the row. */
function map(width: number, height: number, channels = 3): Image {
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set([x, y, 7].slice(0, channels), (y * width + x) * channels);
  }
  return { width, height, channels, data };
}
const apply = (transform: Transform, image: Image, index = 0) => compose([transform]).apply(image, stream.at(0, index));
const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

const all: [string, Transform][] = [
  ['ColorJitter', colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.2 })],
  ['RandomRotation', randomRotation(30)],
  ['RandomAffine', randomAffine([-10, 20], { translate: [0.1, 0.2], scale: [0.8, 1.2], shear: 5 })],
  ['RandomResizedCrop', randomResizedCrop([12, 10])],
  ['RandomVerticalFlip', randomVerticalFlip()],
  ['TrivialAugmentWide', trivialAugmentWide()],
  ['RandAugment', randAugment({ num_ops: 3 })],
];

describe.each(all)('%s', (name, transform) => {
  it('repeats with the place of the image, and differs between places', () => {
    const results = many(20, (i) => apply(transform, map(20, 16), i).data);
    expect(many(20, (i) => apply(transform, map(20, 16), i).data)).toEqual(results);
    expect(new Set(results.map((data) => data.join())).size).toBeGreaterThan(1);
  });

  it('is the same after a journey through JSON', () => {
    const { config } = compose([transform]);
    expect(config[0].name).toBe(name);
    const again = fromConfig(JSON.parse(JSON.stringify(config)));
    expect(again.config).toEqual(config);
    expect(again.apply(map(20, 16), stream.at(0, 5)).data).toEqual(apply(transform, map(20, 16), 5).data);
  });

  it('takes images of any size, and of one channel, and does not change its input', () => {
    const varied = compose([transform, resize([8, 8])]).prepare([1, null, null]);
    for (const [width, height] of [
      [20, 16],
      [9, 31],
      [1, 1],
    ]) {
      const input = map(width, height, 1);
      const output = { width: 8, height: 8, channels: 1, data: new Uint8Array(64) };
      varied(input, stream.at(0, 1), output);
      expect(input).toEqual(map(width, height, 1));
    }
  });
});

describe('RandomResizedCrop', () => {
  const crops = (options = {}) =>
    many(2000, (i) => {
      // Nearest neighbours keep the places: the window is seen in the corners.
      const { data } = apply(randomResizedCrop(2, { interpolation: 'nearest', ...options }), map(200, 100), i);
      // Pixels lie at a quarter and at three quarters of the window.
      return { width: 2 * (data[3] - data[0]), height: 2 * (data[7] - data[1]) };
    });

  it('takes windows of the areas and shapes that were asked for', () => {
    const found = crops({ scale: [0.1, 0.3], ratio: [0.5, 2] });
    const areas = found.map(({ width, height }) => (width * height) / (200 * 100));
    expect(Math.min(...areas)).toBeGreaterThan(0.08);
    expect(Math.max(...areas)).toBeLessThan(0.33);
    // Areas are even, shapes are so on a logarithmic scale.
    expect(areas.reduce((sum, area) => sum + area, 0) / areas.length).toBeCloseTo(0.2, 2);
    const wide = found.filter(({ width, height }) => width > height).length;
    expect(Math.abs(wide / found.length - 0.5)).toBeLessThan(0.05);
  });

  it('takes the largest window in the middle where none fits', () => {
    const thin = map(100, 2);
    const { data } = apply(randomResizedCrop(2, { interpolation: 'nearest', scale: [1, 1] }), thin);
    // 4/3 as wide as high: 3 columns of 100, from 48 on.
    expect([data[0], data[3]]).toEqual([48, 50]);
  });
});

describe('RandomErasing', () => {
  it('erases with its probability a rectangle of the area that was asked for', () => {
    const ones = { width: 40, height: 30, channels: 3, data: new Uint8Array(3600).fill(255) };
    const transform = compose([toTensor(), randomErasing({ p: 0.25, value: [0.1, 0.2, 0.3] })]);
    let erased = 0;
    for (let i = 0; i < 1000; i++) {
      const { data } = transform.apply(ones, stream.at(0, i));
      const gone = [...data.keys()].filter((at) => data[at] !== 1);
      if (gone.length === 0) continue;
      erased++;
      const share = gone.length / data.length;
      expect(share).toBeGreaterThan(0.015);
      expect(share).toBeLessThan(0.35);
      expect(new Set(gone.map((at) => data[at]))).toEqual(new Set(Float32Array.of(0.1, 0.2, 0.3)));
    }
    expect(Math.abs(erased / 1000 - 0.25)).toBeLessThan(0.05);
  });

  it('fills with normally distributed numbers when told so', () => {
    const zeros = { width: 60, height: 60, channels: 1, data: new Uint8Array(3600) };
    const filled = many(30, (i) => {
      const { data } = compose([toTensor(), randomErasing({ p: 1, value: 'random' })]).apply(zeros, stream.at(0, i));
      return [...data].filter((value) => value !== 0);
    }).flat();
    const mean = filled.reduce((sum, value) => sum + value, 0) / filled.length;
    const variance = filled.reduce((sum, value) => sum + (value - mean) ** 2, 0) / filled.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(variance).toBeCloseTo(1, 1);
  });
});

describe('Resize', () => {
  it("brings the shorter side to a length, with torchvision's rounding of the longer one", () => {
    // torchvision: int(size * long / short)
    const sizes: [number, number, number, number, number][] = [
      [500, 375, 256, 341, 256],
      [375, 500, 256, 256, 341],
      [31, 22, 10, 14, 10],
      [20, 20, 7, 7, 7],
      [1000, 1, 4, 4000, 4],
    ];
    for (const [width, height, size, newWidth, newHeight] of sizes) {
      expect(compose([resize(size)]).outputShape([3, height, width])).toEqual([3, newHeight, newWidth]);
    }
  });

  it('leaves an image alone that has the size already', () => {
    const image = map(10, 12);
    expect(apply(resize([12, 10]), image).data).toEqual(image.data);
  });
});

it('Grayscale gives one channel or three equal ones, by the weights of ITU-R 601', () => {
  const colours = { width: 4, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9) };
  expect([...apply(grayscale(), colours).data]).toEqual([76, 150, 29, 9]);
  expect([...apply(grayscale(3), colours).data]).toEqual([76, 76, 76, 150, 150, 150, 29, 29, 29, 9, 9, 9]);
});

it('TrivialAugmentWide chooses each operation about as often, at all strengths', () => {
  // A plain image is changed by few operations; moving ones show at a single bright pixel.
  const image = map(32, 32);
  const results = many(3000, (i) => apply(trivialAugmentWide(), image, i).data.join());
  const same = results.filter((data) => data === image.data.join()).length / 3000;
  // Identity, and the weakest of the others: 1/14 and a little more.
  expect(same).toBeGreaterThan(0.07);
  expect(same).toBeLessThan(0.25);
  // 7 signed operations with 61 results each, and others.
  expect(new Set(results).size).toBeGreaterThan(250);
});

describe('images of different sizes', () => {
  it('need a transform that brings them to one', () => {
    const without = compose([randomVerticalFlip(), toTensor()]);
    expect(() => without.outputShape([3, null, null])).toThrow("don't bring them to one size");
    expect(() => compose([resize(32), toTensor()]).outputShape([3, null, null])).toThrow(
      "don't bring them to one size",
    );
    expect(compose([resize(32), randomResizedCrop(24), toTensor()]).outputShape([3, null, null])).toEqual([3, 24, 24]);
  });
});

it.each<[unknown, string]>([
  [{ name: 'ColorJitter', hue: 0.6 }, 'ColorJitter: hue must be a number from 0 to 0.5'],
  [{ name: 'ColorJitter', brightness: -1 }, 'ColorJitter: brightness must be'],
  [{ name: 'RandomRotation', degrees: [3, 1] }, 'RandomRotation: degrees must be'],
  [{ name: 'RandomAffine', degrees: 0, translate: [2, 0] }, 'RandomAffine: translate must be two shares'],
  [{ name: 'RandomErasing', p: 2 }, 'RandomErasing: p must be a probability'],
  [{ name: 'RandomErasing', value: 'noise' }, 'RandomErasing: value must be'],
  [{ name: 'RandAugment', magnitude: 31 }, 'RandAugment: magnitude must be an integer from 0 to 30'],
  [{ name: 'TrivialAugmentWide', num_magnitude_bins: 1 }, 'num_magnitude_bins must be an integer from 2 up'],
  [{ name: 'Resize', size: 0 }, 'Resize: size must be'],
  [
    { name: 'Resize', size: 3, interpolation: 'lanczos' },
    "Resize: interpolation must be 'nearest', 'bilinear', 'bicubic'",
  ],
  [{ name: 'RandomResizedCrop', size: 8, scale: [0, 1] }, 'RandomResizedCrop: scale must be [least, most]'],
  [{ name: 'Grayscale', num_output_channels: 2 }, 'Grayscale: num_output_channels must be 1 or 3'],
])('%j is refused', (config, message) => {
  expect(() => fromConfig([config])).toThrow(message);
});

it('transforms of bytes are refused behind ToTensor, and RandomErasing before it', () => {
  for (const [name, transform] of all) {
    if (name === 'RandomVerticalFlip') continue;
    const late = compose([toTensor(), transform]);
    expect(() => late.outputType([3, 8, 8])).toThrow(`${name} takes an image of bytes`);
  }
  expect(() => compose([randomErasing()]).outputType([3, 8, 8])).toThrow('RandomErasing takes a float32 image');
});
