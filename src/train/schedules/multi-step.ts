// The rate is multiplied by gamma at each milestone: the schedule of the residual networks for CIFAR (He et al. 2015,
// sec. 4.2: at a half and at three quarters of the training). PyTorch: MultiStepLR.

import { UsageError } from '../../errors.ts';
import { power } from '../power.ts';
import type { Schedule } from './schedule.ts';

export interface MultiStepLROptions {
  readonly learningRate: number;
  /** Steps at which it falls, ascending. */
  readonly milestones: readonly number[];
  /** 0.1 by default. */
  readonly gamma?: number;
}

export function multiStepLR({ learningRate, milestones, gamma = 0.1 }: MultiStepLROptions): Schedule {
  if (!milestones.every((at, i) => at >= (milestones[i - 1] ?? 0))) {
    throw new UsageError(`multiStepLR: milestones must be ascending steps from 0, found ${milestones.join(', ')}`);
  }
  return (step) => learningRate * power(gamma, milestones.filter((at) => at <= step).length);
}
