// Linear warm-up before any schedule (Goyal et al. 2017, sec. 2.2): the rate rises from a share of the schedule's first
// value to all of it; then the schedule begins. PyTorch: SequentialLR([LinearLR, schedule]).

import { UsageError } from '../../errors.ts';
import type { Schedule } from './schedule.ts';

export interface WarmUpOptions {
  /** Steps of the rise; the schedule's own step 0 comes after them. 0 returns the schedule itself. */
  readonly steps: number;
  /** Share of the first step, in (0, 1]; 1 / (steps + 1) by default, which makes all rises equal. */
  readonly startFactor?: number;
}

export function linearWarmUp(schedule: Schedule, { steps, startFactor = 1 / (steps + 1) }: WarmUpOptions): Schedule {
  if (!Number.isInteger(steps) || steps < 0) {
    throw new UsageError(`linearWarmUp: steps must be an integer of at least 0, found ${steps}`);
  }
  if (!(startFactor > 0 && startFactor <= 1)) {
    throw new UsageError(`linearWarmUp: startFactor ${startFactor} is not in (0, 1]`);
  }
  if (steps === 0) return schedule;
  const full = schedule(0);
  return (step) => (step < steps ? full * (startFactor + ((1 - startFactor) * step) / steps) : schedule(step - steps));
}
