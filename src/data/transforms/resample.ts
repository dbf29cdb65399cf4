// Resampling of an image of bytes to another size, as Pillow does it, to the bit: each output pixel is a weighted mean of
// the input pixels under a filter that is widened when the image shrinks (antialias), first along rows, then along columns.
//
//   input [h, w] --rows--> [h, w'] --columns--> [h', w']      weights in 22 bits of fraction, rounded to bytes in between

import type { Image } from '../image.ts';

export const interpolations = ['nearest', 'bilinear', 'bicubic'] as const;
export type Interpolation = (typeof interpolations)[number];

/** Pixels of the input: what is seen of it. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Filter {
  /** It is 0 beyond this distance. */
  readonly support: number;
  at(distance: number): number;
}

const filters: Readonly<Record<Exclude<Interpolation, 'nearest'>, Filter>> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys (1981) with a = -1/2.
  bicubic: {
    support: 2,
    at: (distance) => {
      const x = Math.abs(distance);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
    },
  },
};

const FRACTION_BITS = 22;
const ONE = 2 ** FRACTION_BITS;
const HALF = 2 ** (FRACTION_BITS - 1);

/** For each output pixel of a row or column, which input pixels it is made of, and with which weights. */
interface Weights {
  /** First input pixel of each output pixel. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `most` weights for each output pixel. */
  readonly weights: Int32Array;
  readonly most: number;
}

/** Fills `output` with the box of `input`, brought to the size of `output`. Both have the same channels. */
export class Resampler {
  #between = new Uint8Array(0);

  run(input: Image, box: Box, output: Image, interpolation: Interpolation): void {
    if (interpolation === 'nearest') {
      nearest(input, box, output);
      return;
    }
    const { channels } = input;
    const { support, at } = filters[interpolation];
    const along = weightsFor(box.width, output.width, support, at);
    const down = weightsFor(box.height, output.height, support, at);
    const size = box.height * output.width * channels;
    if (this.#between.length < size) this.#between = new Uint8Array(size);
    const between = this.#between;
    const from = input.data;
    for (let y = 0; y < box.height; y++) {
      const row = ((box.top + y) * input.width + box.left) * channels;
      for (let x = 0; x < output.width; x++) {
        const count = along.count[x];
        const weight = x * along.most;
        const start = row + along.first[x] * channels;
        const target = (y * output.width + x) * channels;
        for (let c = 0; c < channels; c++) {
          let sum = HALF;
          for (let i = 0, p = start + c; i < count; i++, p += channels) sum += from[p] * along.weights[weight + i];
          between[target + c] = toByte(sum);
        }
      }
    }
    const rowLength = output.width * channels;
    for (let y = 0; y < output.height; y++) {
      const count = down.count[y];
      const weight = y * down.most;
      const start = down.first[y] * rowLength;
      for (let x = 0; x < rowLength; x++) {
        let sum = HALF;
        for (let i = 0, p = start + x; i < count; i++, p += rowLength) sum += between[p] * down.weights[weight + i];
        output.data[y * rowLength + x] = toByte(sum);
      }
    }
  }
}

function toByte(sum: number): number {
  return Math.min(Math.max(sum >> FRACTION_BITS, 0), 255);
}

function weightsFor(inputSize: number, outputSize: number, support: number, filter: Filter['at']): Weights {
  const scale = inputSize / outputSize;
  const widening = Math.max(1, scale);
  const reach = support * widening;
  const most = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(outputSize);
  const count = new Int32Array(outputSize);
  const weights = new Int32Array(outputSize * most);
  const own = new Float64Array(most);
  for (let x = 0; x < outputSize; x++) {
    const centre = (x + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(inputSize, Math.trunc(centre + reach + 0.5));
    let total = 0;
    for (let i = 0; i < end - begin; i++) {
      own[i] = filter((i + begin - centre + 0.5) / widening);
      total += own[i];
    }
    for (let i = 0; i < end - begin; i++) {
      const weight = total === 0 ? own[i] : own[i] / total;
      weights[x * most + i] = Math.trunc(weight * ONE + (weight < 0 ? -0.5 : 0.5));
    }
    first[x] = begin;
    count[x] = end - begin;
  }
  return { first, count, weights, most };
}

function nearest(input: Image, box: Box, output: Image): void {
  const { channels } = input;
  const place = (size: number, outputSize: number) =>
    Int32Array.from({ length: outputSize }, (_, i) => Math.min(size - 1, Math.floor((i + 0.5) * (size / outputSize))));
  const columns = place(box.width, output.width);
  const rows = place(box.height, output.height);
  let target = 0;
  for (let y = 0; y < output.height; y++) {
    const row = (box.top + rows[y]) * input.width + box.left;
    for (let x = 0; x < output.width; x++) {
      const source = (row + columns[x]) * channels;
      for (let c = 0; c < channels; c++) output.data[target++] = input.data[source + c];
    }
  }
}
