// A data set and a network that are small enough for the reference device: bright squares in one of three corners.

import { ArrayDataset } from '../src/data/index.ts';
import { createModel } from '../src/models/index.ts';
import type { Module } from '../src/nn/index.ts';
import { randomStream } from '../src/tensor/random.ts';

const SIZE = 8;
const corners = [
  [0, 0],
  [4, 0],
  [0, 4],
];

/** `count` images of 8x8: noise, and a 4x4 square in the corner that is the class. */
export function tinyDataset(count: number, seed = 0): ArrayDataset {
  const random = randomStream({ seed, purpose: 'augment' });
  const images = new Uint8Array(count * SIZE * SIZE).map(() => random.integer(100));
  const labels = new Uint8Array(count).map(() => random.integer(corners.length));
  labels.forEach((label, i) => {
    const [top, left] = corners[label];
    for (let y = 0; y < 4; y++) {
      for (let x = 0; x < 4; x++) images[(i * SIZE + top + y) * SIZE + left + x] += 120;
    }
  });
  return new ArrayDataset({ name: 'squares', classes: ['a', 'b', 'c'], imageShape: [1, SIZE, SIZE], images, labels });
}

/** The article's network with a block a stage, few channels, and dropout: something of everything that has state. */
export function tinyModel(seed = 0): Module {
  const options = { classes: 3, inChannels: 1, imageSize: SIZE, dropout: 0.1 };
  return createModel('article-resnet', { ...options, layers: [1, 1, 1], widths: [4, 4, 8], seed });
}
