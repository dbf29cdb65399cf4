// The options of `residua train`, each checked where it is read. What they make of a recipe is in src/train/run/settings.ts.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { catalog } from '../data/index.ts';
import { deviceNames } from '../devices/create-device.node.ts';
import { ResiduaError } from '../errors.ts';
import { isFolder } from '../files/is-folder.node.ts';
import { shortcutOptions } from '../models/index.ts';
import { activationNames } from '../nn/index.ts';
import { augmentNames, optimizerNames, recipeNames, scheduleNames, taskNames } from '../train/index.ts';
import {
  configOfSettings,
  modelOfWeights,
  type RunConfig,
  type RunOverrides,
  resolveRunConfig,
  type TrainSettings,
} from '../train/run/node.ts';
import { alternatives } from './format.ts';
import { modelName } from './model-name.ts';
import { nearest } from './suggest.ts';
import { integer, listOf, number, oneOf, text } from './values.ts';

export interface TrainFlags extends TrainSettings {
  readonly seeds?: number;
  readonly out?: string;
  readonly resume?: string;
}

/** More than any data set has; what memory holds is found out later. */
export const MOST_IMAGES = 1_000_000_000;

/** Most threads that are ever of use; more are a slip of the finger. */
export const MOST_THREADS = 256;

export function addTrainOptions(command: Command): Command {
  const names = (list: readonly string[]) => list.join(', ');
  command
    .optionsGroup('What to train:')
    .option('--recipe <name>', `where settings come from: ${names(recipeNames)} (default: digits)`, oneOf(recipeNames))
    .option('--dataset <name|dir>', `${names(catalog.map(({ name }) => name))}, or a folder`, datasetName)
    .option('--model <name>', 'one of those that residua models lists', modelName)
    .option('--epochs <n>', 'passes over the training images', integer(1, 1_000_000))
    .option('--batch-size <n>', 'images at once', integer(1, MOST_IMAGES))
    .option('--lr <x>', 'the largest learning rate of the schedule', number({ min: 0 }))
    .option('--limit <n>', 'only the first n images of the training and of the test set', integer(1))
    .option('--validation <n>', 'hold out n training images and measure on them after each epoch', integer(0));
  command
    .optionsGroup('How images are prepared (for all images, what the recipe says where nothing is said here):')
    .option('--image-size <n>', 'side of the images that the network sees', integer(8, 4096))
    .option('--augment <name>', `how training images are varied: ${names(augmentNames)}`, oneOf(augmentNames))
    .option('--erase <p>', 'probability that a rectangle is erased', number({ min: 0, max: 1 }))
    .option('--mixup <alpha>', 'mix pairs of images, by shares from Beta(alpha, alpha)', number({ min: 0 }))
    .option(
      '--cutmix <alpha>',
      'paste rectangles of other images, of areas from Beta(alpha, alpha)',
      number({ min: 0 }),
    );
  command
    .optionsGroup('How to train:')
    .option('--optimizer <name>', names(optimizerNames), oneOf(optimizerNames))
    .option('--momentum <x>', 'of sgd', number({ min: 0, max: 1, below: true }))
    .option('--weight-decay <x>', 'pull of the weights towards 0', number({ min: 0 }))
    .option('--schedule <name>', `of the learning rate: ${names(scheduleNames)}`, oneOf(scheduleNames))
    .option('--warm-up <epochs>', 'over which the learning rate rises first', number({ min: 0 }))
    .option('--task <name>', `what outputs mean: ${names(taskNames)}`, oneOf(taskNames))
    .option('--label-smoothing <x>', 'share of the target spread over all classes', number({ min: 0, max: 1 }))
    .option('--activation <name>', names(activationNames), oneOf(activationNames))
    .option('--shortcut <form>', `of blocks: ${names(shortcutOptions)}; not all have each`, oneOf(shortcutOptions))
    .option('--zero-init-residual', 'let blocks begin as their shortcuts')
    .option('--no-batch-norm', 'convolutions with biases instead')
    .option('--dropout <p>', 'before the last layer', number({ min: 0, max: 1, below: true }))
    .option('--accumulate <n>', 'batches a step: their gradients add up to that of one large batch', integer(1, 65_536))
    .option('--clip-grad-norm <x>', 'shorten gradients that are longer than this', number({ min: 0, above: true }))
    .option('--ema <decay>', 'average the weights, with 0.999 for instance', number({ min: 0, max: 1, below: true }))
    .option('--no-ema', 'without the average that the recipe takes')
    .option('--no-ema-warm-up', 'that decay from the first step on, instead of growing to it')
    .option('--patience <epochs>', 'stop when the validation is no better for so long; keep the best', integer(1));
  command
    .optionsGroup('What to begin with (fine-tuning):')
    .option('--weights <file>', 'of a trained model: .safetensors, .pth; other classes get a new last layer', text)
    .option('--freeze <stages>', 'what stays as it is: stem,layer1,...', listOf(text));
  addDeviceOptions(command)
    .optionsGroup('Where and what to keep:')
    .option('--seed <n>', 'of first weights, order, augmentation, dropout (default: 0)', integer(0))
    .option('--seeds <n>', 'n runs with seeds from --seed on; mean and standard deviation', integer(2, 1000))
    .option('--out <dir>', 'the run folder (default: runs/RECIPE-DATE)', text)
    .option('--log-every <n>', 'steps between lines of the log (default: 100)', integer(1))
    .option('--no-layer-stats', 'leave the norms of gradients and activations of each layer out of the log')
    .option('--checkpoint-seconds <n>', 'save at least so often (default: 60; 0: at every step)', number({ min: 0 }))
    .option('--resume <dir>', 'go on with a run that was stopped, or that crashed', text);
  return command;
}

export function addDeviceOptions(command: Command): Command {
  return command
    .optionsGroup('Where to compute:')
    .addOption(new Option('--device <name>', deviceNames.join(', ')).argParser(oneOf(deviceNames)))
    .option('--threads <n>', 'of the cpu device (default: one a core)', integer(1, MOST_THREADS))
    .option('--strict', 'without relaxed SIMD: the same bits on every machine');
}

/** A name of the catalog or a folder. */
export function datasetName(value: string): string {
  const names = catalog.map(({ name }) => name);
  if (names.includes(value) || isFolder(value)) return value;
  if (/[\\/]/.test(value)) {
    throw new ResiduaError(`there is no folder ${value}`, {
      hint: 'Name a folder of images, or a data set.',
    });
  }
  const guess = nearest(value, names);
  const question = guess === undefined ? '' : ` Did you mean ${guess}?`;
  throw new InvalidArgumentError(`Expected ${alternatives([...names, 'a folder that exists'])}.${question}`);
}

/** As configOf, with the model that weights to begin with were made for where no other is named. */
export async function settledConfig(flags: TrainFlags): Promise<RunConfig> {
  const { weights, model } = flags;
  return configOf(flags, weights !== undefined && model === undefined ? await modelOfWeights(weights) : {});
}

/**
 * @param source the model that the weights to begin with were made for, where they say it and no other is named
 * @throws UsageError where options contradict each other
 */
export function configOf(flags: TrainFlags, source?: Pick<RunOverrides, 'model' | 'modelOptions'>): RunConfig {
  return configOfSettings(flags, resolveRunConfig, source);
}
