// Models by name: what the command line, run folders and the studio find a network by.

import { UsageError } from '../errors.ts';
import type { Module } from '../nn/index.ts';
import { Input } from '../tensor/index.ts';
import { randomStream } from '../tensor/random.ts';
import { articleModels } from './article.ts';
import { cifarModels, preActivationModels } from './cifar.ts';
import type { ModelEntry } from './definition.ts';
import { checkOptions, type ModelOptions } from './model-options.ts';
import { torchvisionModels } from './torchvision.ts';

const entries: readonly ModelEntry[] = [...articleModels, ...cifarModels, ...preActivationModels, ...torchvisionModels];

export function listModels(): readonly ModelEntry[] {
  return entries;
}

/** The entry of that name; throws UsageError when there is none. */
export function findModel(name: string): ModelEntry {
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry) return entry;
  throw new UsageError(`there is no model called '${name}'`, { hint: 'residua models, or listModels(), lists them.' });
}

/**
 * A new model in training mode.
 *
 * @throws UsageError when an option is wrong or not for this model, ShapeError when images of that size don't fit it
 */
export function createModel(name: string, options: ModelOptions): Module {
  const entry = findModel(name);
  checkOptions(name, options);
  const model = entry.create(options, randomStream({ seed: options.seed, purpose: 'initialise' }));
  const size = options.imageSize ?? entry.imageSize;
  model.eval().forward(new Input('images', [1, options.inChannels, size, size]));
  return model.train();
}
