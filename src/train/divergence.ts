// What a training says when it came to a number that is not finite: what was noticed, where the first one came up, and what
// to try.

import type { Dataset } from '../data/index.ts';
import { type FirstNonFinite, NonFiniteError } from './non-finite.ts';
import { describeOrigin } from './origin.ts';

export interface Told {
  readonly dataset: Dataset;
  /** Of the step in which the first one came up. */
  readonly learningRate: number;
  readonly clipped: boolean;
}

/** @param noticed what was seen first, with its step */
export function divergence(noticed: NonFiniteError, first: FirstNonFinite, told: Told): NonFiniteError {
  const step = `already in step ${first.step} (epoch ${first.epoch}, learning rate ${short(told.learningRate)})`;
  const when = first.step === noticed.step ? 'in that step' : step;
  const what = `${noticed.message}. The first number that is not finite is ${first.found}, ${when}`;
  const where = first.image === null ? describeOrigin(first) : describeImage(first.image, told.dataset);
  return new NonFiniteError(`${what}: ${where}`, {
    hint: remedy(first, told),
    cause: noticed,
    first,
    step: noticed.step,
  });
}

function describeImage(image: number, { name, fileOf }: Dataset): string {
  const file = fileOf?.(image);
  return `image ${image} of ${name}${file === undefined ? '' : ` (${file})`}, as it goes into the network`;
}

const short = (learningRate: number): number => Number(learningRate.toPrecision(3));

/** One sentence. */
function remedy({ phase, step, image }: FirstNonFinite, { learningRate, clipped }: Told): string {
  if (image !== null) return 'Mend that image or leave it out, and look at what the transforms make of it.';
  if (phase === 'given' && Number.isFinite(Math.fround(learningRate)))
    return 'Begin with numbers that are finite: this one was there before the step.';
  if (step === 1 && phase !== 'update') {
    return 'No weight has been changed yet: look at the size of the numbers in the images and in the first weights.';
  }
  const clip = clipped ? 'clip gradients to a smaller length' : 'clip gradients (--clip-grad-norm 1)';
  return `Lower the learning rate (here ${short(learningRate)}) or let it warm up, or ${clip}.`;
}
