// What a check of the preflight looks at, and what it says. A check is a pure function: everything it may ask is in the
// situation, and it does nothing but return warnings. index.ts has the table of all checks.

import type { Compose, Dataset } from '../../data/index.ts';
import type { EmaConfig } from '../ema.ts';
import type { OptimizerConfig } from '../optimizers/index.ts';
import type { RecipeName } from '../recipes.ts';

/** The part of a run's configuration that checks look at. */
export interface Settings {
  readonly recipe: RecipeName;
  readonly optimizer: OptimizerConfig;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly accumulate: number;
  readonly ema: EmaConfig | null;
  readonly freeze: readonly string[];
  readonly weights: string | null;
}

export interface Situation {
  readonly config: Settings;
  readonly train: Dataset;
  /** Held out of the training images, or the data set's own; undefined where nothing is validated on. */
  readonly validation: Dataset | undefined;
  readonly test: Dataset;
  /** From images to the network's input: in training, and in validation and test. */
  readonly augment: Compose;
  readonly preprocess: Compose;
  /** Of the whole run. */
  readonly steps: number;
}

export interface PreflightWarning {
  /** Which check it is from: stable, for programs. */
  readonly check: string;
  /** What was found, with numbers. */
  readonly message: string;
  /** What it does to the training, or to what is measured. */
  readonly reason: string;
  /** What to do about it. */
  readonly advice: string;
}

export type Check = (situation: Situation) => PreflightWarning[];

/** 'a, b and c'; of more than six the first five and how many more. */
export function listed(names: readonly string[]): string {
  const shown = names.length > 6 ? [...names.slice(0, 5), `${names.length - 5} more`] : names;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown[shown.length - 1]}`;
}
