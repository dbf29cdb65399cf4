// Optimizers as data: what recipes and config.json say about them. The learning rate is the schedule's business.

import type { Variable } from '../../tensor/index.ts';
import { Adam, type AdamOptions, AdamW } from './adam.ts';
import type { Optimizer, ParameterGroup } from './optimizer.ts';
import { SGD, type SGDOptions } from './sgd.ts';

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

/** @param parameters a model's parameters() */
export function createOptimizer(config: OptimizerConfig, parameters: readonly Variable[]): Optimizer {
  const groups = parameterGroups(parameters, config.decayNormAndBias ?? true);
  switch (config.name) {
    case 'sgd':
      return new SGD(groups, config);
    case 'adam':
      return new Adam(groups, config);
    case 'adamw':
      return new AdamW(groups, config);
  }
}

/** Biases and batch norms' parameters are those of one dimension. */
function parameterGroups(parameters: readonly Variable[], decayNormAndBias: boolean): ParameterGroup[] {
  if (decayNormAndBias) return [{ parameters }];
  const groups = [
    { parameters: parameters.filter((parameter) => parameter.rank > 1) },
    { parameters: parameters.filter((parameter) => parameter.rank <= 1), weightDecay: 0 },
  ];
  return groups.filter((group) => group.parameters.length > 0);
}
