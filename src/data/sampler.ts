// The order in which an epoch visits a data set. An order is a pure function of (seed, epoch), so a resumed epoch goes
// on exactly where it was broken off, and it does not depend on the batch size.

import { permutation, randomStream } from '../tensor/random.ts';

export interface EpochOrder {
  /** Number of examples. */
  readonly length: number;
  /** Random order, or 0, 1, 2, ... */
  readonly shuffle: boolean;
  readonly seed: number;
  readonly epoch: number;
}

/** The indices of the examples in the order of this epoch, each once. */
export function epochOrder({ length, shuffle, seed, epoch }: EpochOrder): Uint32Array {
  if (!shuffle) return Uint32Array.from({ length }, (_, i) => i);
  return permutation(length, randomStream({ seed, purpose: 'shuffle', epoch }));
}

/** Batches an epoch: the last, partial one counts unless it is dropped. */
export function batchCount(length: number, batchSize: number, dropLast: boolean): number {
  return dropLast ? Math.floor(length / batchSize) : Math.ceil(length / batchSize);
}
