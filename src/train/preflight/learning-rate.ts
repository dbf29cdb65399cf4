// A learning rate so large that training diverges, or so small that it doesn't get anywhere. Ranges are wide on purpose:
// outside of them nothing is known to work, inside of them the best rate is still to be found.

import { counted } from '../../format.ts';
import type { OptimizerConfig } from '../optimizers/index.ts';
import { findRecipe } from '../recipes.ts';
import type { Check } from './situation.ts';

/** [least, most]. */
type Range = readonly [number, number];

/** Up to so many images a step the largest rate doesn't depend on them. */
const SMALL_BATCH = 256;

/**
 * For networks with batch norm. SGD: He et al. 2015 begin at 0.1 with momentum 0.9; what counts is the sum of a gradient's
 * effects over all later steps, rate / (1 - momentum). Adam: Kingma & Ba 2015 give 0.001; its steps are about as long as the
 * rate whatever the gradient, and weights of 3x3 convolutions are about 0.05.
 */
function usualRange(optimizer: OptimizerConfig): Range {
  if (optimizer.name !== 'sgd') return [1e-5, 0.03];
  const rest = Math.max(0.001, 1 - (optimizer.momentum ?? 0));
  return [0.003 * rest, 5 * rest];
}

export const learningRate: Check = ({ config }) => {
  const { optimizer, learningRate: rate, weights } = config;
  const recipe = findRecipe(config.recipe);
  const isOwn = optimizer.name === recipe.optimizer.name;
  let [least, most] = usualRange(optimizer);
  if (isOwn) {
    least = Math.max(least, recipe.learningRate / 100);
    most = Math.min(most, recipe.learningRate * 10);
  }
  // Weights that know something already are moved with care.
  if (weights !== null) least /= 10;
  // Goyal et al. 2017: the rate of SGD grows with the images a step. Adam's with their root, as the noise falls.
  const images = config.batchSize * config.accumulate;
  const grown = Math.max(1, images / SMALL_BATCH);
  most *= optimizer.name === 'sgd' ? grown : Math.sqrt(grown);
  if (rate >= least && rate <= most) return [];
  const [from, to] = [least, most].map((bound) => Number(bound.toPrecision(2)));
  const known = isOwn ? ` (the recipe ${recipe.name} has ${recipe.learningRate})` : '';
  return [
    {
      check: 'learning-rate',
      message: `The learning rate is ${rate}, but ${describe(optimizer)} works at ${counted(images, 'image')} a step from ${from} to ${to} as a rule${known}.`,
      reason:
        rate > most
          ? 'Steps that are too long undo each other: the loss stays high, or becomes infinite.'
          : 'Steps that are too short get nowhere: the weights stay close to where they begin.',
      advice: `Begin with --lr ${isOwn ? recipe.learningRate : optimizer.name === 'sgd' ? 0.05 : 0.001}.`,
    },
  ];
};

function describe(optimizer: OptimizerConfig): string {
  if (optimizer.name !== 'sgd') return optimizer.name === 'adam' ? 'Adam' : 'AdamW';
  return `SGD with momentum ${optimizer.momentum ?? 0}`;
}
