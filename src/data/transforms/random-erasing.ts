// RandomErasing: with probability p, a rectangle of random area and shape is filled (Zhong et al., arXiv:1708.04896). It
// works on numbers, so it stands behind ToTensor, and behind Normalize where 0 is to be the mean.

import { ResiduaError } from '../../errors.ts';
import { exp, log } from '../../tensor/elementary.ts';
import type { RandomStream } from '../../tensor/random.ts';
import type { AnyImage } from './transform.ts';
import { between, parseRange, roundHalfToEven, type Transform, wrongArgument } from './transform.ts';

export interface RandomErasingOptions {
  /** Probability, 0.5 by default. */
  readonly p?: number;
  /** Of the rectangle's area, as shares of the image's; [0.02, 0.33] by default. */
  readonly scale?: readonly [number, number];
  /** Of its height by its width; [0.3, 3.3] by default. */
  readonly ratio?: readonly [number, number];
  /** What it is filled with: a number, 0 by default, one a channel, or 'random' for normally distributed ones. */
  readonly value?: number | readonly number[] | 'random';
}

const ATTEMPTS = 10;

export function randomErasing(options: RandomErasingOptions = {}): Transform {
  const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = options;
  if (!(p >= 0 && p <= 1)) throw wrongArgument('RandomErasing', 'p', 'a probability from 0 to 1', p);
  parseRange('RandomErasing', 'scale', scale);
  parseRange('RandomErasing', 'ratio', ratio);
  const list = Array.isArray(value) ? value : [value];
  if (value !== 'random' && (list.length === 0 || !list.every(Number.isFinite))) {
    throw wrongArgument('RandomErasing', 'value', "a number, a list of one a channel, or 'random'", value);
  }
  return {
    config: { name: 'RandomErasing', p, scale, ratio, value },
    random: true,
    outputType: (input) => {
      if (input.dtype !== 'float32') {
        throw new ResiduaError('RandomErasing takes a float32 image, found bytes', { hint: 'Put ToTensor before it.' });
      }
      if (list.length > 1 && list.length !== input.shape[0]) {
        throw new ResiduaError(
          `RandomErasing has ${list.length} values, but the image has ${input.shape[0]} channel(s)`,
        );
      }
      return input;
    },
    prepare: () => (input, stream, output) => {
      if (stream.uniform() >= p) return input;
      const box = randomRectangle(input, scale, ratio, stream);
      if (box === undefined) return input;
      output.data.set(input.data);
      for (let channel = 0; channel < output.channels; channel++) {
        const fill = value === 'random' ? undefined : (list[channel] ?? list[0]);
        for (let row = box.top; row < box.top + box.height; row++) {
          const start = (channel * output.height + row) * output.width + box.left;
          for (let i = start; i < start + box.width; i++) output.data[i] = fill ?? stream.normal();
        }
      }
      return output;
    },
  };
}

/** Smaller than the image in both directions; undefined when none was found. */
function randomRectangle(
  { height, width }: AnyImage,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  stream: RandomStream,
) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const area = height * width * between(scale, stream);
    const shape = exp(between([log(ratio[0]), log(ratio[1])], stream));
    const h = roundHalfToEven(Math.sqrt(area * shape));
    const w = roundHalfToEven(Math.sqrt(area / shape));
    if (h >= height || w >= width) continue;
    const top = stream.integer(height - h + 1);
    return { top, left: stream.integer(width - w + 1), height: h, width: w };
  }
  return undefined;
}
