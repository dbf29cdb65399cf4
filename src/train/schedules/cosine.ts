// Cosine annealing (Loshchilov & Hutter 2016, eq. 5, without restarts): from the full rate down half a cosine.
// PyTorch: CosineAnnealingLR.

import { UsageError } from '../../errors.ts';
import { cos } from '../../tensor/elementary.ts';
import type { Schedule } from './schedule.ts';

export interface CosineAnnealingOptions {
  readonly learningRate: number;
  /** Steps until the minimum is reached; it stays there afterwards. PyTorch: T_max. */
  readonly steps: number;
  /** 0 by default. PyTorch: eta_min. */
  readonly minimum?: number;
}

export function cosineAnnealingLR({ learningRate, steps, minimum = 0 }: CosineAnnealingOptions): Schedule {
  if (!(steps >= 1)) throw new UsageError(`cosineAnnealingLR: steps must be at least 1, found ${steps}`);
  return (step) => cosineBetween(learningRate, minimum, Math.min(step / steps, 1));
}

/** From `start` (share 0) to `end` (share 1) along half a cosine. */
export function cosineBetween(start: number, end: number, share: number): number {
  return end + ((start - end) * (1 + cos(Math.PI * share))) / 2;
}
