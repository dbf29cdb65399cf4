// Optimizers as data: what recipes and config.json say about them. The learning rate is the schedule's business.

import type { AdamOptions } from './adam.ts';
import type { SGDOptions } from './sgd.ts';

interface Decay {
  /**
   * Whether weight decay also pulls on biases and on batch norms' scales and shifts. true by default, as in PyTorch;
   * false is the better habit (He et al. 2018, "Bag of tricks", sec. 3.1).
   */
  readonly decayNormAndBias?: boolean;
}

export type OptimizerConfig = Decay &
  (
    | ({ readonly name: 'sgd' } & SGDOptions)
    | ({ readonly name: 'adam' } & AdamOptions)
    | ({ readonly name: 'adamw' } & AdamOptions)
  );

export const optimizerNames = ['sgd', 'adam', 'adamw'] as const;
export type OptimizerName = (typeof optimizerNames)[number];
