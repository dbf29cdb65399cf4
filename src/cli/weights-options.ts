// The options that describe weights which don't describe themselves, such as a PyTorch checkpoint.

import type { Command } from 'commander';
import { recipeNames } from '../train/index.ts';
import type { WeightsDescription } from '../train/run/node.ts';
import { modelName } from './model-name.ts';
import { integer, oneOf } from './values.ts';

export interface WeightsFlags {
  readonly model?: string;
  readonly size?: number;
  readonly recipe?: string;
  readonly dataset?: string;
}

/** Besides --dataset, which commands explain in their own words. */
export function addWeightsOptions(command: Command): Command {
  return command
    .optionsGroup("For weights that don't say it themselves:")
    .option('--model <name>', 'which model they belong to; see residua models', modelName)
    .option('--size <n>', "height and width of the images (default: the model's own)", integer(1, 4096))
    .option('--recipe <name>', 'whose preprocessing they were trained with', oneOf(recipeNames));
}

export const descriptionOf = ({ model, size, recipe, dataset }: WeightsFlags): WeightsDescription => ({
  model,
  imageSize: size,
  recipe,
  dataset,
});
