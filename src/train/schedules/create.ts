// Schedules as data: what recipes and config.json say about the learning rate. Lengths are in epochs there, so they stay
// true when the batch size or the number of images changes; here they become steps.

import { UsageError } from '../../errors.ts';
import { constantLR } from './constant.ts';
import { cosineAnnealingLR } from './cosine.ts';
import { multiStepLR } from './multi-step.ts';
import { oneCycleLR } from './one-cycle.ts';
import type { Schedule } from './schedule.ts';
import { stepLR } from './step.ts';
import { linearWarmUp } from './warm-up.ts';

interface WarmUp {
  /** Epochs (or a part of one) over which the rate rises linearly before the schedule begins; 0 by default. */
  readonly warmUpEpochs?: number;
}

export type ScheduleConfig = WarmUp &
  (
    | { readonly name: 'constant' }
    /** Multiplies the rate by `gamma` (0.1 by default) every `everyEpochs` epochs. */
    | { readonly name: 'step'; readonly everyEpochs: number; readonly gamma?: number }
    /** Multiplies the rate by `gamma` (0.1) after these parts of the training, from 0 to 1; a half and three quarters by default. */
    | { readonly name: 'multi-step'; readonly milestones?: readonly number[]; readonly gamma?: number }
    /** Falls along half a cosine to `finalScale` (0 by default) times the rate at the end of the last epoch. */
    | { readonly name: 'cosine'; readonly finalScale?: number }
    /** See oneCycleLR for the options and their defaults. */
    | {
        readonly name: 'one-cycle';
        readonly pctStart?: number;
        readonly divFactor?: number;
        readonly finalDivFactor?: number;
      }
  );

export const scheduleNames = ['constant', 'step', 'multi-step', 'cosine', 'one-cycle'] as const;
export type ScheduleName = (typeof scheduleNames)[number];

/** How long the training is. */
export interface TrainingLength {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
}

/** @param learningRate the largest of the schedule */
export function createSchedule(
  config: ScheduleConfig,
  learningRate: number,
  { epochs, stepsPerEpoch }: TrainingLength,
): Schedule {
  const total = epochs * stepsPerEpoch;
  const warmUpSteps = Math.round((config.warmUpEpochs ?? 0) * stepsPerEpoch);
  const steps = total - warmUpSteps;
  if (steps < 1) {
    throw new UsageError(`a warm-up of ${config.warmUpEpochs} epochs leaves nothing of ${epochs} epochs`, {
      hint: 'Train for more epochs, or warm up for a part of an epoch, such as 0.5.',
    });
  }
  return linearWarmUp(afterWarmUp(config, learningRate, steps, stepsPerEpoch), { steps: warmUpSteps });
}

function afterWarmUp(config: ScheduleConfig, learningRate: number, steps: number, stepsPerEpoch: number): Schedule {
  switch (config.name) {
    case 'constant':
      return constantLR(learningRate);
    case 'step': {
      const { everyEpochs, gamma } = config;
      return stepLR({ learningRate, gamma, stepSize: Math.max(1, Math.round(everyEpochs * stepsPerEpoch)) });
    }
    case 'multi-step': {
      const { milestones = [0.5, 0.75], gamma } = config;
      return multiStepLR({ learningRate, gamma, milestones: milestones.map((part) => Math.round(part * steps)) });
    }
    case 'cosine':
      return cosineAnnealingLR({ learningRate, steps, minimum: learningRate * (config.finalScale ?? 0) });
    case 'one-cycle':
      return oneCycleLR({ ...config, maxLearningRate: learningRate, steps });
  }
}
