// What may be said of a comparison, and what it is where nothing is said.

import type { ActivationName } from '../../nn/index.ts';
import type { RunConfig, RunOverrides } from '../run/config.ts';

/** The options of `residua compare`, in camelCase. */
export interface CompareSettings {
  readonly depths?: readonly number[];
  readonly activations?: readonly ActivationName[];
  readonly batchNorm?: 'both' | 'with' | 'without';
  readonly dataset?: string;
  /** 'all' for all images. */
  readonly limit?: number | 'all';
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly optimizer?: RunOverrides['optimizer'];
  readonly lr?: number;
  readonly schedule?: RunOverrides['schedule'];
  readonly seed?: number;
  readonly device?: RunConfig['device'];
  readonly threads?: number;
  readonly strict?: boolean;
}

/**
 * All 24 networks in some ten minutes on two cores: few images, but the same few for all. The article's optimizer and its
 * learning rate (other optimizers have their own); a falling learning rate, so that chance in the last steps decides nothing.
 */
export const compareDefaults = {
  depths: [8, 20, 56],
  activations: ['relu', 'sigmoid'],
  batchNorm: 'both',
  dataset: 'mnist',
  limit: 3000,
  epochs: 3,
  batchSize: 32,
  optimizer: 'adam',
  lr: 0.001,
  schedule: 'cosine',
  seed: 0,
} as const satisfies CompareSettings;
