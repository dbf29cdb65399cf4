// A recipe is a complete set of hyper-parameters under a name: what a run uses wherever its owner has not said otherwise.
// Plain data with units and reasons; the figures that each reaches are in docs/recipes.md with the command.

import type { DatasetTraits, TransformConfig } from '../data/index.ts';
import { UsageError } from '../errors.ts';
import type { AugmentName, TransformLists } from './default-transforms.ts';
import type { EmaConfig } from './ema.ts';
import type { OptimizerConfig } from './optimizers/create.ts';
import type { ScheduleConfig } from './schedules/create.ts';
import type { TaskName } from './task.ts';

export const recipeNames = ['digits', 'article', 'fashion-mnist', 'cifar', 'images'] as const;
export type RecipeName = (typeof recipeNames)[number];

export interface Recipe {
  readonly name: RecipeName;
  /** One line. */
  readonly description: string;
  /** The data set it was made for. */
  readonly dataset: string;
  readonly model: string;
  readonly task: TaskName;
  /** Share of the target that is spread over all classes, 0 to 1. */
  readonly labelSmoothing: number;
  /** Passes over the training images. */
  readonly epochs: number;
  /** Images a step. */
  readonly batchSize: number;
  /** The largest learning rate of the schedule. */
  readonly learningRate: number;
  readonly optimizer: OptimizerConfig;
  readonly schedule: ScheduleConfig;
  /** The gradient's greatest length; null: it is never shortened. */
  readonly clipGradNorm: number | null;
  /** The moving average of the weights that is tested and saved; null: the weights themselves are. */
  readonly ema: EmaConfig | null;
  /** How training images are varied where they are others than those the recipe was made for. */
  readonly augment: AugmentName;
  /** From small images of one size to the network's; random ones in training only. Left out: the usual ones. */
  transforms?(dataset: DatasetTraits): TransformLists;
}

/** The article's settings, to the letter but for the test images, which it forgets to bring to 32x32. */
const article: Recipe = {
  name: 'article',
  description: "The article's settings: Adam at 0.001, batch 32, 100 epochs, random flips and crops",
  dataset: 'mnist',
  model: 'article-resnet',
  task: 'single-label',
  labelSmoothing: 0,
  epochs: 100,
  batchSize: 32,
  learningRate: 0.001,
  optimizer: { name: 'adam' },
  schedule: { name: 'constant' },
  clipGradNorm: null,
  ema: null,
  augment: 'flip',
  transforms: ({ imageShape }) => ({
    train: [
      { name: 'Pad', padding: 4 },
      // Turns some digits into others (a 2 into an S): kept because the article has it.
      { name: 'RandomHorizontalFlip' },
      { name: 'RandomCrop', size: 32 },
      { name: 'ToTensor' },
    ],
    test: [...toSize(32, imageShape), { name: 'ToTensor' }],
  }),
};

const digits: Recipe = {
  name: 'digits',
  description: 'Handwritten digits to 99.3 % and more in two epochs: one-cycle AdamW, random crops, no flips',
  dataset: 'mnist',
  model: 'article-resnet',
  task: 'single-label',
  // Worth as much as a third epoch.
  labelSmoothing: 0.05,
  epochs: 2,
  batchSize: 64,
  learningRate: 0.01,
  optimizer: { name: 'adamw', weightDecay: 0.05, decayNormAndBias: false },
  schedule: { name: 'one-cycle' },
  clipGradNorm: null,
  ema: null,
  augment: 'crop',
  transforms: ({ imageShape, mean, std }) => ({
    train: [
      { name: 'RandomCrop', size: 32, padding: 4 },
      { name: 'ToTensor' },
      { name: 'Normalize', mean: [...mean], std: [...std] },
    ],
    test: [...toSize(32, imageShape), { name: 'ToTensor' }, { name: 'Normalize', mean: [...mean], std: [...std] }],
  }),
};

const fashion: Recipe = {
  name: 'fashion-mnist',
  description: 'Clothes to 93 % and more in 16 epochs: one-cycle AdamW, random crops and flips, averaged weights',
  dataset: 'fashion-mnist',
  model: 'article-resnet',
  task: 'single-label',
  labelSmoothing: 0.1,
  // About a minute each on two cores.
  epochs: 16,
  batchSize: 64,
  learningRate: 0.01,
  optimizer: { name: 'adamw', weightDecay: 0.05, decayNormAndBias: false },
  schedule: { name: 'one-cycle' },
  clipGradNorm: null,
  ema: { decay: 0.999, warmUp: true },
  augment: 'flip',
  transforms: ({ imageShape, mean, std }) => ({
    train: [
      { name: 'RandomCrop', size: 32, padding: 4 },
      // A mirrored shoe is a shoe.
      { name: 'RandomHorizontalFlip' },
      { name: 'ToTensor' },
      { name: 'Normalize', mean: [...mean], std: [...std] },
    ],
    test: [...toSize(32, imageShape), { name: 'ToTensor' }, { name: 'Normalize', mean: [...mean], std: [...std] }],
  }),
};

/** He et al. 2015, sec. 4.2, but on all 50,000 training images: 64,000 steps, the rate falling at a half and three quarters. */
const cifar: Recipe = {
  name: 'cifar',
  description: 'ResNet-20 on CIFAR as in He et al. 2015: SGD at 0.1, batch 128, 164 epochs, random flips and crops',
  dataset: 'cifar10',
  model: 'resnet20',
  task: 'single-label',
  labelSmoothing: 0,
  epochs: 164,
  batchSize: 128,
  learningRate: 0.1,
  optimizer: { name: 'sgd', momentum: 0.9, weightDecay: 1e-4 },
  schedule: { name: 'multi-step' },
  clipGradNorm: null,
  ema: null,
  augment: 'flip',
};

/** For images that nobody has tuned anything for: settings that rarely fail. */
const images: Recipe = {
  name: 'images',
  description: 'Any folder of images in 30 epochs: ResNet-20, one-cycle SGD, random crops and flips, averaged weights',
  dataset: 'cifar10',
  model: 'resnet20',
  task: 'single-label',
  labelSmoothing: 0.1,
  epochs: 30,
  // Folders are small more often than not: more steps an epoch.
  batchSize: 32,
  learningRate: 0.05,
  optimizer: { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
  schedule: { name: 'one-cycle' },
  clipGradNorm: null,
  ema: { decay: 0.999, warmUp: true },
  augment: 'flip',
};

const recipes: Readonly<Record<RecipeName, Recipe>> = { digits, article, 'fashion-mnist': fashion, cifar, images };

export function listRecipes(): readonly Recipe[] {
  return recipeNames.map((name) => recipes[name]);
}

/** The recipe for a data set of the catalog, or of no name, where none is named. */
export function recipeFor(dataset: string | undefined): RecipeName {
  if (dataset?.startsWith('cifar')) return 'cifar';
  return recipeNames.find((name) => recipes[name].dataset === dataset) ?? 'images';
}

/** @throws UsageError with the names there are */
export function findRecipe(name: string): Recipe {
  const known = recipeNames.find((candidate) => candidate === name);
  if (known) return recipes[known];
  throw new UsageError(`there is no recipe called '${name}'`, { hint: `The recipes are: ${recipeNames.join(', ')}.` });
}

/** A centred image of size x size: padded where it is smaller, cropped where it is larger. */
function toSize(size: number, [, height, width]: DatasetTraits['imageShape']): TransformConfig[] {
  if (height === null || width === null) return [{ name: 'CenterCrop', size }];
  if (height === size && width === size) return [];
  const evenly = height === width && height < size && (size - height) % 2 === 0;
  return evenly ? [{ name: 'Pad', padding: (size - height) / 2 }] : [{ name: 'CenterCrop', size }];
}
