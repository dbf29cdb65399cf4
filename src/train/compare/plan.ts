// What a comparison will do: its settings with everything that is left out filled in, its networks, and roughly how long it
// takes.

import { isFixed } from '../../data/image.ts';
import { fromConfig } from '../../data/index.ts';
import type { DataSource } from '../../data/sources/source.ts';
import { UsageError } from '../../errors.ts';
import { createModel, summarise } from '../../models/index.ts';
import type { ActivationName } from '../../nn/index.ts';
import type { RunConfig, RunOverrides } from '../run/config.ts';
import type { ComparedNetwork } from './comparison.ts';
import { type Grid, idOf, modelOf, nameOf, type Variant, variantsOf } from './networks.ts';

/** What may be said of a comparison: the options of `residua compare`, in camelCase. */
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

/** All 24 networks in some ten minutes on two cores: few images, but the same few for all. */
const defaults = { depths: [8, 20, 56], activations: ['relu', 'sigmoid'], limit: 3000, epochs: 3 } as const;

/** The article's optimizer; a falling learning rate, so that chance in the last steps decides nothing. */
const training = { optimizer: 'adam', learningRate: 0.001, batchSize: 32, schedule: 'cosine' } as const;

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
  const { depths = defaults.depths, activations = defaults.activations, batchNorm = 'both' } = settings;
  const { limit = defaults.limit, epochs = defaults.epochs } = settings;
  const grid: Grid = {
    depths: unique(depths).sort((a, b) => a - b),
    activations: unique(activations),
    batchNorm: batchNorm === 'both' ? [true, false] : [batchNorm === 'with'],
  };
  if (grid.depths.length === 0 || grid.activations.length === 0) throw new UsageError('there is nothing to compare');
  const overrides: RunOverrides = {
    dataset: settings.dataset ?? 'mnist',
    limit: limit === 'all' ? undefined : limit,
    epochs,
    batchSize: settings.batchSize ?? training.batchSize,
    optimizer: settings.optimizer ?? training.optimizer,
    learningRate: settings.lr ?? (settings.optimizer === undefined ? training.learningRate : undefined),
    schedule: settings.schedule ?? training.schedule,
    labelSmoothing: 0,
    clipGradNorm: null,
    ema: null,
    seed: settings.seed,
    device: settings.device,
    threads: settings.threads,
    strict: settings.strict,
    layerStats: true,
  };
  const source = find(overrides.dataset!);
  const images = (own: number) => Math.min(own, overrides.limit ?? own);
  const [trainImages, testImages] = [images(source.images.train), images(source.images.test)];
  const logEvery = Math.max(1, Math.round(trainImages / overrides.batchSize! / POINTS));
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
