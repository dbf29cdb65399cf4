// Models by name, as data: what the command line, run folders and the studio find a network by.

import { UsageError } from '../errors.ts';
import type { Module } from '../nn/index.ts';
import { Input } from '../tensor/index.ts';
import { type RandomStream, randomStream } from '../tensor/random.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';

/** What a data set asks of a model, and the seed of its first weights. */
export interface ModelOptions extends Omit<Partial<ResNetOptions>, 'random'> {
  readonly classes: number;
  readonly inChannels: number;
  /** Height and width of the images; the model's own by default. */
  readonly imageSize?: number;
  /** The same seed gives the same weights on every machine. */
  readonly seed: number;
}

export interface ModelEntry {
  readonly name: string;
  readonly description: string;
  /** Height and width of the images it was made for. */
  readonly imageSize: number;
  create(options: ModelOptions, random: RandomStream): Module;
}

const entries: readonly ModelEntry[] = [
  {
    name: 'article-resnet',
    description: "The article's ResNet(ResidualBlock, [2, 2, 2]): 16/32/64 channels, 3x3 down-sampling shortcuts",
    imageSize: 32,
    create: (options, random) => new ResNet({ ...options, random }),
  },
  {
    name: 'article-plainnet',
    description: "The plain twin of the article's network: the same layers without shortcuts",
    imageSize: 32,
    create: (options, random) => new ResNet({ ...options, random, residual: false }),
  },
];

export function listModels(): readonly ModelEntry[] {
  return entries;
}

/** The entry of that name; throws UsageError with the names there are. */
export function findModel(name: string): ModelEntry {
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry) return entry;
  const names = entries.map((candidate) => candidate.name).join(', ');
  throw new UsageError(`there is no model called '${name}'`, { hint: `The models are: ${names}.` });
}

/** A new model in training mode; throws ShapeError when images of that size don't fit it. */
export function createModel(name: string, options: ModelOptions): Module {
  const entry = findModel(name);
  const model = entry.create(options, randomStream({ seed: options.seed, purpose: 'initialise' }));
  const size = options.imageSize ?? entry.imageSize;
  model.eval().forward(new Input('images', [1, options.inChannels, size, size]));
  return model.train();
}
