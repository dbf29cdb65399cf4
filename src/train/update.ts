// What a step does with the gradients once it has them, as graph nodes for its program:
//
//   gradients -> [ clip by their norm ] -> optimizer: new weights -> [ moving average of the weights ]

import type { Assignment, Tensor } from '../tensor/index.ts';
import { clipByGlobalNorm } from './clip.ts';
import type { ModelEma } from './ema.ts';
import type { Optimizer } from './optimizers/index.ts';

export interface UpdateOptions {
  readonly optimizer: Optimizer;
  /** Longer gradients are shortened to this: see clip.ts. Never by default. */
  readonly clipGradNorm?: number;
  /** None by default. */
  readonly ema?: ModelEma;
}

export interface Update {
  readonly assignments: readonly Assignment[];
  /** gradientNorm, a scalar, where gradients are clipped: their length before. */
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/**
 * @param gradients of the optimizer's parameters, in their order
 * @param effects what else the program assigns, such as new running statistics
 */
export function weightUpdate(
  { optimizer, clipGradNorm, ema }: UpdateOptions,
  gradients: readonly Tensor[],
  effects: readonly Assignment[],
): Update {
  const clipped = clipGradNorm === undefined ? undefined : clipByGlobalNorm(gradients, clipGradNorm);
  const updates = optimizer.assignments(clipped?.gradients ?? gradients);
  const averages = ema?.assignments([...updates, ...effects]) ?? [];
  return { assignments: [...updates, ...averages], outputs: clipped ? { gradientNorm: clipped.norm } : {} };
}

/** @param step counts from 1 */
export function updateFeeds(
  { optimizer, ema }: UpdateOptions,
  step: number,
  learningRate: number,
): Record<string, number> {
  return { ...optimizer.feeds(step, learningRate), ...ema?.feeds(step) };
}
