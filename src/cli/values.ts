// Values of options and arguments: each parser takes the text that was typed and gives the value, or says what was
// expected. commander puts the option's name and the text in front of what is said here.

import { InvalidArgumentError } from 'commander';
import { alternatives, count } from './format.ts';
import { nearest } from './suggest.ts';

interface Range {
  readonly min?: number;
  readonly max?: number;
  /** The minimum itself is not allowed. */
  readonly above?: boolean;
  /** The maximum itself is not allowed. */
  readonly below?: boolean;
}

/** A whole number in decimal digits. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${count(max)}`;
    throw new InvalidArgumentError(`Expected a whole number ${range}.`);
  };
}

/** A number such as 0.001 or 1e-3. */
export function number(range: Range = {}): (text: string) => number {
  const { min = -Infinity, max = Infinity, above = false, below = false } = range;
  return (text) => {
    const value = text.trim() === '' || /^[+-]?0[xob]/i.test(text) ? Number.NaN : Number(text);
    const enough = above ? value > min : value >= min;
    const small = below ? value < max : value <= max;
    if (Number.isFinite(value) && enough && small) return value;
    const bounds = [
      ...(min > -Infinity ? [above ? `above ${min}` : `of at least ${min}`] : []),
      ...(max < Infinity ? [below ? `below ${max}` : `of at most ${max}`] : []),
    ];
    throw new InvalidArgumentError(['Expected a number', bounds.join(' and ')].filter(Boolean).join(' ').concat('.'));
  };
}

/** One of some names. */
export function oneOf<Name extends string>(names: readonly Name[]): (text: string) => Name {
  return (text) => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    const guess = nearest(text, names);
    const question = guess === undefined ? '' : ` Did you mean ${guess}?`;
    throw new InvalidArgumentError(`Expected ${alternatives(names)}.${question}`);
  };
}

/** Text that is not empty, such as a path. */
export function text(value: string): string {
  if (value.trim() !== '') return value;
  throw new InvalidArgumentError('Expected a name or path, found nothing.');
}

/** Several values with commas between them. */
export function listOf<Value>(parse: (text: string) => Value): (text: string) => Value[] {
  return (text) => text.split(',').map(parse);
}
