// What may be said about a model besides its name, and the check of it: options also come from files, so what is not
// known, not in range or not for this model is refused with the reason.

import { UsageError } from '../errors.ts';
import { type ActivationName, activationNames } from '../nn/index.ts';
import { type ShortcutOption, shortcutOptions } from './shortcut.ts';

/** What a data set asks of a model, the seed of its first weights, and what may differ from the network of that name. */
export interface ModelOptions {
  readonly classes: number;
  readonly inChannels: number;
  /** Height and width of the images; the model's own by default. */
  readonly imageSize?: number;
  /** The same seed gives the same weights on every machine. */
  readonly seed: number;
  /** Blocks of each stage. */
  readonly layers?: readonly number[];
  /** Channels of each stage's 3x3 convolutions. */
  readonly widths?: readonly number[];
  /** The shortcuts of blocks. */
  readonly shortcut?: ShortcutOption;
  /** relu by default. */
  readonly activation?: ActivationName;
  /** Batch norm with every convolution, true by default; without it convolutions have biases. */
  readonly normalise?: boolean;
  /** Probability of zeroing a feature before the last layer; 0 by default. */
  readonly dropout?: number;
  /** Blocks begin as their shortcuts: the scale of each block's last norm is 0 at first. false by default. */
  readonly zeroInitResidual?: boolean;
}

interface Rule {
  readonly expected: string;
  holds(value: unknown): boolean;
}

const wholeNumber = (most: number): Rule => ({
  expected: `a whole number from 1 to ${most}`,
  holds: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most,
});
const listOf = ({ expected, holds }: Rule): Rule => ({
  expected: `a list, each ${expected}`,
  holds: (value) => Array.isArray(value) && value.every(holds),
});
const oneOf = (names: readonly string[]): Rule => ({
  expected: `one of ${names.join(', ')}`,
  holds: (value) => names.includes(value as string),
});
const flag: Rule = { expected: 'true or false', holds: (value) => typeof value === 'boolean' };

const rules: Readonly<Record<keyof ModelOptions, Rule>> = {
  classes: wholeNumber(1_000_000),
  inChannels: wholeNumber(65_536),
  imageSize: wholeNumber(65_536),
  seed: {
    expected: 'a whole number from 0 to 2^53 - 1',
    holds: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  },
  layers: listOf(wholeNumber(10_000)),
  widths: listOf(wholeNumber(65_536)),
  shortcut: oneOf(shortcutOptions),
  activation: oneOf(activationNames),
  normalise: flag,
  dropout: {
    expected: 'a number of at least 0 and below 1',
    holds: (value) => typeof value === 'number' && value >= 0 && value < 1,
  },
  zeroInitResidual: flag,
};

/**
 * Values that no model could take; undefined counts as not said.
 *
 * @throws UsageError with what was expected and what was found
 */
export function checkOptions(model: string, options: ModelOptions): void {
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof ModelOptions] : undefined;
    if (!rule) {
      throw new UsageError(`${model} has no option '${name}'`, {
        hint: `Options are: ${Object.keys(rules).join(', ')}.`,
      });
    }
    if (value !== undefined && !rule.holds(value)) {
      throw new UsageError(`the option '${name}' of ${model} must be ${rule.expected}, found ${JSON.stringify(value)}`);
    }
  }
}
