// What a comparison will do: its settings with everything that is left out filled in, its networks, and roughly how long it
// takes.

import { isFixed } from '../../data/image.ts';
import { fromConfig } from '../../data/index.ts';
import type { DataSource } from '../../data/sources/source.ts';
import { UsageError } from '../../errors.ts';
import { createModel, summarise } from '../../models/index.ts';
import type { RunConfig, RunOverrides } from '../run/config.ts';
import type { ComparedNetwork } from './comparison.ts';
import { type Grid, idOf, modelOf, nameOf, type Variant, variantsOf } from './networks.ts';
import { type CompareSettings, compareDefaults as defaults } from './settings.ts';

/** Log points in an epoch, for curves. */
const POINTS = 8;

export interface Plan {
  readonly grid: Grid;
  /** Of one network: `model` and `modelOptions` are its own, all else is the same for all. */
  configOf(variant: Variant): RunConfig;
  readonly networks: readonly ComparedNetwork[];
  readonly classes: number;
  readonly trainImages: number;
  readonly testImages: number;
}

/**
 * @param resolve completes what is said and checks it
 * @param find the data set of a config
 * @throws UsageError
 */
export function planComparison(
  settings: CompareSettings,
  { resolve, find }: { resolve(overrides: RunOverrides): RunConfig; find(dataset: string): DataSource },
): Plan {
  const { depths = defaults.depths, activations = defaults.activations, batchNorm = defaults.batchNorm } = settings;
  const { dataset = defaults.dataset, limit = defaults.limit, epochs = defaults.epochs } = settings;
  const { batchSize = defaults.batchSize, optimizer = defaults.optimizer, schedule = defaults.schedule } = settings;
  const grid: Grid = {
    depths: unique(depths).sort((a, b) => a - b),
    activations: unique(activations),
    batchNorm: batchNorm === 'both' ? [true, false] : [batchNorm === 'with'],
  };
  if (grid.depths.length === 0 || grid.activations.length === 0) throw new UsageError('there is nothing to compare');
  const overrides: RunOverrides = {
    dataset,
    limit: limit === 'all' ? undefined : limit,
    epochs,
    batchSize,
    optimizer,
    learningRate: settings.lr ?? (settings.optimizer === undefined ? defaults.lr : undefined),
    schedule,
    labelSmoothing: 0,
    clipGradNorm: null,
    ema: null,
    seed: settings.seed ?? defaults.seed,
    device: settings.device,
    threads: settings.threads,
    strict: settings.strict,
    layerStats: true,
  };
  const source = find(dataset);
  const images = (own: number) => (limit === 'all' ? own : Math.min(own, limit));
  const [trainImages, testImages] = [images(source.images.train), images(source.images.test)];
  const logEvery = Math.max(1, Math.round(trainImages / batchSize / POINTS));
  const configOf = (variant: Variant) => resolve({ ...overrides, ...modelOf(variant), logEvery });
  const networks = variantsOf(grid).map((variant): ComparedNetwork => {
    return { ...variant, id: idOf(variant), name: nameOf(variant), ...sizeOf(configOf(variant), source), ...waiting };
  });
  return { grid, configOf, networks, classes: source.classes.length, trainImages, testImages };
}

const waiting = {
  state: 'waiting',
  problem: null,
  accuracy: null,
  loss: null,
  trainingLoss: null,
  trainingAccuracy: null,
  curve: [],
  norms: { first: null, last: null },
  seconds: null,
} as const;

function sizeOf({ model, modelOptions, transforms }: RunConfig, { classes, imageShape, name }: DataSource) {
  const shape = fromConfig(transforms.train).outputShape(imageShape);
  if (!isFixed(shape)) throw new UsageError(`${name} has images of different sizes, and nothing brings them to one`);
  const [inChannels, imageSize] = shape;
  const network = createModel(model, { ...modelOptions, classes: classes.length, inChannels, imageSize, seed: 0 });
  const { parameters, multiplyAdds } = summarise(network, [1, ...shape]);
  return { parameters, multiplyAdds };
}

/** Multiply-adds of a run: a step costs about three forward passes, a test one. Starting costs something, too. */
export function costOf({ multiplyAdds }: ComparedNetwork, plan: Plan, epochs: number): number {
  return multiplyAdds * (3 * plan.trainImages * epochs + plan.testImages) + START_SECONDS * USUAL_SPEED;
}

/** Reading data, compiling, writing files. */
const START_SECONDS = 1.5;

/** Multiply-adds a second that two cores come to in training such networks, before any was measured. */
export const USUAL_SPEED = 80e9;

const unique = <Value>(values: readonly Value[]): Value[] => [...new Set(values)];
