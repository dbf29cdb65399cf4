// ColorJitter: brightness, contrast, saturation and hue changed at random, in random order.

import { permutation } from '../../tensor/random.ts';
import type { Image } from '../image.ts';
import { brightness, type ColourOperation, contrast, hue, saturation } from './colour.ts';
import { between, requireBytes, type Transform, wrongArgument } from './transform.ts';

/** One number x for [1 - x, 1 + x] (hue: [-x, x]), or the range itself. */
export type Jitter = number | readonly [number, number];

export interface ColorJitterOptions {
  /** Factors; 0, the default, leaves the property as it is. */
  readonly brightness?: Jitter;
  readonly contrast?: Jitter;
  readonly saturation?: Jitter;
  /** In whole turns of the circle of hues, at most 0.5 in size. */
  readonly hue?: Jitter;
}

const operations: Readonly<Record<keyof ColorJitterOptions, ColourOperation>> = {
  brightness,
  contrast,
  saturation,
  hue,
};
const names = ['brightness', 'contrast', 'saturation', 'hue'] as const;

export function colorJitter(options: ColorJitterOptions = {}): Transform {
  const ranges = names.map((name) => rangeOf(name, options[name] ?? 0));
  const given = Object.fromEntries(names.map((name) => [name, options[name] ?? 0]));
  return {
    config: { name: 'ColorJitter', ...given },
    random: true,
    outputType: (input) => {
      requireBytes('ColorJitter', input.dtype);
      return input;
    },
    prepare: () => {
      const order = new Uint32Array(names.length);
      return (input, stream, output) => {
        permutation(names.length, stream, order);
        let image = input as Image;
        for (const i of order) {
          const range = ranges[i];
          if (range === undefined) continue;
          operations[names[i]](image, output as Image, between(range, stream));
          image = output as Image;
        }
        return image;
      };
    },
  };
}

/** undefined where nothing would change. */
function rangeOf(name: (typeof names)[number], jitter: unknown): readonly [number, number] | undefined {
  const centre = name === 'hue' ? 0 : 1;
  const [least, bound] = name === 'hue' ? [-0.5, 0.5] : [0, Infinity];
  const from = (x: number) => [Math.max(least, centre - x), centre + x];
  const range = typeof jitter === 'number' && jitter >= 0 ? from(jitter) : jitter;
  const right = Array.isArray(range) && range.length === 2 && range.every(Number.isFinite);
  if (!right || range[0] < least || range[1] > bound || range[0] > range[1]) {
    const expected =
      name === 'hue' ? 'a number from 0 to 0.5 or a range within -0.5 to 0.5' : 'a number >= 0 or a range';
    throw wrongArgument('ColorJitter', name, expected, jitter);
  }
  return range[0] === centre && range[1] === centre ? undefined : [range[0], range[1]];
}
