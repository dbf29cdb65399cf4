// Step decay: the rate is multiplied by gamma every `stepSize` steps, the schedule of the first residual networks
// (He et al. 2015, sec. 3.4). PyTorch: StepLR.

import { UsageError } from '../../errors.ts';
import { power } from '../power.ts';
import type { Schedule } from './schedule.ts';

export interface StepLROptions {
  readonly learningRate: number;
  /** Steps between two falls. */
  readonly stepSize: number;
  /** 0.1 by default. */
  readonly gamma?: number;
}

export function stepLR({ learningRate, stepSize, gamma = 0.1 }: StepLROptions): Schedule {
  if (!(stepSize >= 1)) throw new UsageError(`stepLR: stepSize must be at least 1 step, found ${stepSize}`);
  return (step) => learningRate * power(gamma, Math.floor(step / stepSize));
}
