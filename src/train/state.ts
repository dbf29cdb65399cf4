// Where a training stands, apart from what is on the device: counters, the place in the data, and the sums of metrics that
// are not finished. With the weights and the optimizer's memory it is all that a resumed run needs to go on to the same
// bits, since order, augmentation and dropout are functions of the seed and these counters.

import { ResiduaError } from '../errors.ts';
import type { BestEpoch } from './early-stopping.ts';
import { RunningMean, type RunningSums } from './metrics/running-mean.ts';
import type { NormsPoint } from './progress.ts';

export interface TrainingCounters {
  /** Epochs completed. */
  readonly epoch: number;
  /** Steps done of the epoch under way; a step is one batch, or `accumulate` of them. */
  readonly batch: number;
  /** Steps done in all. */
  readonly step: number;
  /** Log points told in all. */
  readonly logPoints: number;
  /** Images trained on in all, and the seconds that their steps took: over stops, too. */
  readonly images: number;
  readonly seconds: number;
  /** Of the last step, where gradients are clipped: their length before. */
  readonly gradientNorm?: number;
  /** With early stopping: the best epoch so far. */
  readonly best?: BestEpoch;
  /** Measured since the last log point. */
  readonly norms?: readonly NormsPoint[];
  /** Of the epoch under way. */
  readonly epochSums: RunningSums;
  /** Since the last log point. */
  readonly windowSums: RunningSums;
}

/** The training loop advances it after every step. */
export class TrainingState {
  epoch: number;
  batch: number;
  step: number;
  logPoints: number;
  images: number;
  seconds: number;
  gradientNorm: number | undefined;
  best: BestEpoch | undefined;
  norms: readonly NormsPoint[];
  epochMean: RunningMean;
  windowMean: RunningMean;

  /** The beginning, unless counters are given. */
  constructor(counters?: TrainingCounters) {
    this.epoch = counters?.epoch ?? 0;
    this.batch = counters?.batch ?? 0;
    this.step = counters?.step ?? 0;
    this.logPoints = counters?.logPoints ?? 0;
    this.images = counters?.images ?? 0;
    this.seconds = counters?.seconds ?? 0;
    this.gradientNorm = counters?.gradientNorm;
    this.best = counters?.best;
    this.norms = counters?.norms ?? [];
    this.epochMean = new RunningMean(counters?.epochSums);
    this.windowMean = new RunningMean(counters?.windowSums);
  }

  /** What the constructor takes. */
  toJSON(): TrainingCounters {
    const { epoch, batch, step, logPoints, images, seconds, gradientNorm, best, norms } = this;
    return {
      epoch,
      batch,
      step,
      logPoints,
      images,
      seconds,
      gradientNorm,
      best,
      ...(norms.length > 0 ? { norms } : {}),
      epochSums: this.epochMean.toJSON(),
      windowSums: this.windowMean.toJSON(),
    };
  }
}

const COUNTS = ['epoch', 'batch', 'step', 'logPoints', 'images'] as const;

/**
 * Counters from the text that a checkpoint holds, JSON of a TrainingState.
 *
 * @throws ResiduaError naming what is none of them
 */
export function parseCounters(text: string): TrainingCounters {
  const wrong = (what: string) => new ResiduaError(`its counters are wrong: ${what}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong('they are not JSON');
  }
  const counters = fieldsOf(json);
  const { seconds, gradientNorm, best, norms, epochSums, windowSums } = counters;
  for (const name of COUNTS) if (!isCount(counters[name])) throw wrong(name);
  if (!isNumber(seconds)) throw wrong('seconds');
  if (gradientNorm !== undefined && !isNumber(gradientNorm)) throw wrong('gradientNorm');
  if (best !== undefined && !isBest(best)) throw wrong('best');
  if (norms !== undefined && !areNorms(norms)) throw wrong('norms');
  for (const [name, sums] of Object.entries({ epochSums, windowSums })) if (!areSums(sums)) throw wrong(name);
  return json as TrainingCounters;
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 0;

function areSums(value: unknown): boolean {
  const { loss, correct, images } = fieldsOf(value);
  return Number.isFinite(loss) && isNumber(correct) && isCount(images);
}

function isBest(value: unknown): boolean {
  const { epoch, accuracy, loss } = fieldsOf(value);
  return isCount(epoch) && isNumber(accuracy) && Number.isFinite(loss);
}

function areNorms(value: unknown): boolean {
  return Array.isArray(value) && value.every(areNormsOfOnePoint);
}

function areNormsOfOnePoint(value: unknown): boolean {
  const { step, layers, gradients, weights, activations } = fieldsOf(value);
  const { layers: names, mean, std, dead } = fieldsOf(activations);
  return isCount(step) && [layers, gradients, weights, names, mean, std, dead].every((list) => Array.isArray(list));
}
