// One cycle (Smith & Topin 2017, "Super-convergence"): the rate rises from a small one to its maximum and falls to almost
// nothing, each along half a cosine. Large rates in the middle regularise, the long fall lets the weights settle: the
// schedule for few epochs. PyTorch: OneCycleLR(anneal_strategy='cos', cycle_momentum=False).

import { UsageError } from '../../errors.ts';
import { cosineBetween } from './cosine.ts';
import type { Schedule } from './schedule.ts';

export interface OneCycleOptions {
  readonly maxLearningRate: number;
  /** Steps of the whole cycle. PyTorch: total_steps. */
  readonly steps: number;
  /** Share of the steps in which the rate rises; 0.3 by default. */
  readonly pctStart?: number;
  /** The first rate is maxLearningRate / divFactor; 25 by default. */
  readonly divFactor?: number;
  /** The last rate is the first over this; 10,000 by default. */
  readonly finalDivFactor?: number;
}

export function oneCycleLR(options: OneCycleOptions): Schedule {
  const { maxLearningRate, steps, pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 } = options;
  if (!(steps >= 1)) throw new UsageError(`oneCycleLR: steps must be at least 1, found ${steps}`);
  if (!(pctStart >= 0 && pctStart <= 1)) throw new UsageError(`oneCycleLR: pctStart ${pctStart} is not in [0, 1]`);
  if (!(divFactor > 0 && finalDivFactor > 0)) {
    throw new UsageError(`oneCycleLR: both factors must be above 0, found ${divFactor} and ${finalDivFactor}`);
  }
  const first = maxLearningRate / divFactor;
  const last = first / finalDivFactor;
  // PyTorch counts from the first step, so the maximum is in step pctStart * steps - 1, which may lie between two steps,
  // or before the first one of a very short cycle.
  const top = pctStart * steps - 1;
  const end = steps - 1;
  return (step) => {
    if (step < top) return cosineBetween(first, maxLearningRate, step / top);
    if (step >= end) return last;
    return cosineBetween(maxLearningRate, last, (step - top) / (end - top));
  };
}
