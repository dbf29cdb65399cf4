// The same learning rate in every step.

import type { Schedule } from './schedule.ts';

export function constantLR(learningRate: number): Schedule {
  return () => learningRate;
}
