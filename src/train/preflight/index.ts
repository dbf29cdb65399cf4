// The preflight: before the first step, what is likely to spoil a training or its test, found in the data and the settings.
// Nothing here stops a run; each warning says what was found, why it hurts, and what to do. docs/training.md lists them.

import { channels } from './channels.ts';
import { classBalance } from './class-balance.ts';
import { duplicates } from './duplicates.ts';
import { flips } from './flips.ts';
import { imageSizes } from './image-sizes.ts';
import { learningRate } from './learning-rate.ts';
import type { Check, PreflightWarning, Situation } from './situation.ts';
import { averagedWeights, frozenWeights } from './weights.ts';

export type { PreflightWarning, Settings, Situation } from './situation.ts';

/** In the order in which their warnings are shown. */
const checks: readonly Check[] = [
  imageSizes,
  channels,
  classBalance,
  duplicates,
  flips,
  learningRate,
  frozenWeights,
  averagedWeights,
];

export function preflight(situation: Situation): PreflightWarning[] {
  return checks.flatMap((check) => check(situation));
}
