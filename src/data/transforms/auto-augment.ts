// TrivialAugmentWide (Müller and Hutter, arXiv:2103.10158): one operation at one of 31 strengths, all equally likely, with
// nothing to tune. RandAugment (Cubuk et al., arXiv:1909.13719): several operations at one strength. The operations and
// their ranges are torchvision's.

import type { RandomStream } from '../../tensor/random.ts';
import type { Image } from '../image.ts';
import { type AffineMap, rotationMap, transformAffine } from './affine.ts';
import * as colour from './colour.ts';
import { parseFill, requireBytes, roundHalfToEven, type Transform, wrongArgument } from './transform.ts';

interface Operation {
  readonly apply: (input: Image, output: Image, magnitude: number, fill: number) => void;
  /** Of a place from 0 to 1 among the strengths; undefined where there is only one. */
  readonly magnitude?: (place: number, image: Image) => number;
  /** Whether it works in both directions, of which a coin chooses one. */
  readonly signed?: boolean;
}

const affine = (map: (magnitude: number, image: Image) => AffineMap): Operation['apply'] => {
  return (input, output, magnitude, fill) => {
    transformAffine(input, map(magnitude, input), output, 'nearest', fill);
  };
};
/** A factor of 1 changes nothing. */
const aroundOne = (operation: colour.ColourOperation): Operation['apply'] => {
  return (input, output, magnitude) => operation(input, output, 1 + magnitude);
};

/** The strongest of each, as far as the two methods differ in it. */
interface Strengths {
  readonly shear: number;
  readonly translate: (size: number) => number;
  readonly rotate: number;
  readonly colour: number;
  /** Bits that Posterize takes away. */
  readonly posterize: number;
}

function operationsOf({ shear, translate, rotate, colour: most, posterize }: Strengths): readonly Operation[] {
  const up = (strongest: number) => (place: number) => place * strongest;
  const signed = true;
  return [
    { apply: (input, output) => void output.data.set(input.data) },
    { apply: affine((m) => [1, m, 0, 0, 1, 0]), magnitude: up(shear), signed },
    { apply: affine((m) => [1, 0, 0, m, 1, 0]), magnitude: up(shear), signed },
    {
      apply: affine((m) => [1, 0, -Math.trunc(m), 0, 1, 0]),
      magnitude: (p, { width }) => p * translate(width),
      signed,
    },
    {
      apply: affine((m) => [1, 0, 0, 0, 1, -Math.trunc(m)]),
      magnitude: (p, { height }) => p * translate(height),
      signed,
    },
    { apply: affine(rotationMap), magnitude: up(rotate), signed },
    { apply: aroundOne(colour.brightness), magnitude: up(most), signed },
    { apply: aroundOne(colour.saturation), magnitude: up(most), signed },
    { apply: aroundOne(colour.contrast), magnitude: up(most), signed },
    { apply: aroundOne(colour.sharpness), magnitude: up(most), signed },
    { apply: colour.posterize, magnitude: (place) => 8 - roundHalfToEven(place * posterize) },
    { apply: colour.solarize, magnitude: (place) => 255 * (1 - place) },
    { apply: (input, output) => colour.autoContrast(input, output, 0) },
    { apply: (input, output) => colour.equalize(input, output, 0) },
  ];
}

const wide = operationsOf({ shear: 0.99, translate: () => 32, rotate: 135, colour: 0.99, posterize: 6 });
const standard = operationsOf({
  shear: 0.3,
  translate: (size) => (150 / 331) * size,
  rotate: 30,
  colour: 0.9,
  posterize: 4,
});

export interface AutoAugmentOptions {
  /** Strengths to choose from; 31 by default. */
  readonly num_magnitude_bins?: number;
  /** Of what lies outside of a moved image; 0 by default. */
  readonly fill?: number;
}

export function trivialAugmentWide({ num_magnitude_bins: bins = 31, fill = 0 }: AutoAugmentOptions = {}): Transform {
  parseCount('TrivialAugmentWide', 'num_magnitude_bins', bins, 2);
  parseFill('TrivialAugmentWide', fill);
  return augment({ name: 'TrivialAugmentWide', num_magnitude_bins: bins, fill }, fill, 1, wide, (stream) => {
    return stream.integer(bins) / (bins - 1);
  });
}

export interface RandAugmentOptions extends AutoAugmentOptions {
  /** Operations an image; 2 by default. */
  readonly num_ops?: number;
  /** Which of the strengths, from 0; 9 by default. */
  readonly magnitude?: number;
}

export function randAugment(options: RandAugmentOptions = {}): Transform {
  const { num_ops: count = 2, magnitude = 9, num_magnitude_bins: bins = 31, fill = 0 } = options;
  parseCount('RandAugment', 'num_ops', count, 1);
  parseCount('RandAugment', 'num_magnitude_bins', bins, 2);
  parseFill('RandAugment', fill);
  if (!Number.isInteger(magnitude) || magnitude < 0 || magnitude >= bins) {
    throw wrongArgument('RandAugment', 'magnitude', `an integer from 0 to ${bins - 1}`, magnitude);
  }
  const config = { name: 'RandAugment', num_ops: count, magnitude, num_magnitude_bins: bins, fill };
  return augment(config, fill, count, standard, () => magnitude / (bins - 1));
}

function augment(
  config: Transform['config'],
  fill: number,
  count: number,
  operations: readonly Operation[],
  place: (stream: RandomStream) => number,
): Transform {
  return {
    config,
    random: true,
    outputType: (input) => {
      requireBytes(config.name, input.dtype);
      return input;
    },
    prepare: () => {
      let spare = new Uint8Array(0);
      return (input, stream, output) => {
        let from = input as Image;
        let to = output as Image;
        // From input to output, from there to the spare image, and back.
        for (let i = 0; i < count; i++) {
          const { apply, magnitude, signed } = operations[stream.integer(operations.length)];
          const strength = magnitude === undefined ? 0 : magnitude(place(stream), from);
          apply(from, to, signed && stream.integer(2) === 1 ? -strength : strength, fill);
          from = to;
          if (spare.length < to.data.length && count > 1) spare = new Uint8Array(to.data.length);
          const { channels, height, width } = output;
          const other = { channels, height, width, data: spare.subarray(0, output.data.length) };
          to = from === output ? other : (output as Image);
        }
        return from;
      };
    },
  };
}

function parseCount(transform: string, argument: string, found: unknown, least: number): void {
  if (Number.isInteger(found) && (found as number) >= least) return;
  throw wrongArgument(transform, argument, `an integer from ${least} up`, found);
}
