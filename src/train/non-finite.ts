// The error of a training that came to NaN or infinity, and the check that finds it in a variable.

import type { Values } from '../devices/device.ts';
import { ResiduaError } from '../errors.ts';
import { findNonFinite } from '../tensor/finite.ts';
import type { Origin } from './origin.ts';

/** Where the first number that is not finite came up. */
export interface FirstNonFinite extends Origin {
  /** Counts from 1. */
  readonly step: number;
  readonly epoch: number;
  /** NaN, Infinity or -Infinity. */
  readonly found: number;
  /** The image of the data set that it was in; null where it came up later. */
  readonly image: number | null;
}

/** Training has diverged, or began with numbers that are not finite. */
export class NonFiniteError extends ResiduaError {
  /** null where it was noticed only, and not looked for. */
  readonly first: FirstNonFinite | null;
  /** In or after which it was noticed; null outside of a training. */
  readonly step: number | null;

  constructor(
    message: string,
    options: { hint: string; cause?: unknown; first?: FirstNonFinite | null; step?: number | null },
  ) {
    super(message, options);
    this.step = options.step ?? null;
    this.first = options.first ?? null;
  }
}

/**
 * @param step done so far
 * @throws NonFiniteError
 */
export function checkFinite(name: string, values: Values, step: number): void {
  const index = findNonFinite(values);
  if (index < 0) return;
  const when = step === 0 ? 'before the first step' : `after step ${step}`;
  throw new NonFiniteError(`${name} holds ${values[index]} ${when}: no training can go on from there`, {
    hint: step === 0 ? 'Begin with other weights.' : 'Begin again with a lower learning rate.',
    step,
  });
}
