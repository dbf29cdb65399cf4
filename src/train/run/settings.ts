// What is said of a run, option by option, and what it makes of a recipe. The command line's options and the fields of the
// studio's page are these, so that the same words are the same run everywhere.

import { UsageError } from '../../errors.ts';
import type { ShortcutOption } from '../../models/index.ts';
import type { ActivationName } from '../../nn/index.ts';
import type { AugmentName } from '../default-transforms.ts';
import type { OptimizerName } from '../optimizers/index.ts';
import type { RecipeName } from '../recipes.ts';
import type { ScheduleName } from '../schedules/index.ts';
import type { TaskName } from '../task.ts';
import type { RunConfig, RunOverrides } from './config.ts';

/** What may be said of a run: the options of `residua train`, in camelCase. What is left out comes from the recipe. */
export interface TrainSettings {
  readonly recipe?: RecipeName;
  readonly dataset?: string;
  readonly model?: string;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly lr?: number;
  readonly limit?: number;
  readonly validation?: number;
  readonly optimizer?: OptimizerName;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly schedule?: ScheduleName;
  readonly warmUp?: number;
  readonly task?: TaskName;
  readonly labelSmoothing?: number;
  readonly accumulate?: number;
  readonly clipGradNorm?: number;
  /** false: --no-ema. */
  readonly ema?: number | false;
  readonly emaWarmUp?: boolean;
  readonly patience?: number;
  readonly weights?: string;
  readonly freeze?: string[];
  readonly activation?: ActivationName;
  readonly shortcut?: ShortcutOption;
  readonly zeroInitResidual?: boolean;
  /** false: --no-batch-norm. */
  readonly batchNorm?: boolean;
  readonly dropout?: number;
  readonly augment?: AugmentName;
  readonly imageSize?: number;
  readonly erase?: number;
  readonly mixup?: number;
  readonly cutmix?: number;
  readonly seed?: number;
  readonly device?: RunConfig['device'];
  readonly threads?: number;
  readonly strict?: boolean;
  readonly logEvery?: number;
  /** false: --no-layer-stats. */
  readonly layerStats?: boolean;
  readonly checkpointSeconds?: number;
}

/**
 * @param resolve completes what is said and checks it (completeConfig)
 * @param source the model that the weights to begin with were made for, where they say it and no other is named
 * @throws UsageError where settings contradict each other
 */
export function configOfSettings(
  settings: TrainSettings,
  resolve: (overrides: RunOverrides) => RunConfig,
  source: Pick<RunOverrides, 'model' | 'modelOptions'> = {},
): RunConfig {
  const { activation, shortcut, zeroInitResidual, dropout } = settings;
  const normalise = settings.batchNorm === false ? false : undefined;
  const overrides: RunOverrides = {
    recipe: settings.recipe,
    dataset: settings.dataset,
    limit: settings.limit,
    validationImages: settings.validation,
    model: settings.model ?? source.model,
    modelOptions: { ...source.modelOptions, ...said({ activation, shortcut, normalise, zeroInitResidual, dropout }) },
    task: settings.task,
    labelSmoothing: settings.labelSmoothing,
    augment: settings.augment,
    imageSize: settings.imageSize,
    erase: settings.erase,
    mixup: settings.mixup,
    cutmix: settings.cutmix,
    epochs: settings.epochs,
    batchSize: settings.batchSize,
    learningRate: settings.lr,
    optimizer: settings.optimizer,
    schedule: settings.schedule,
    accumulate: settings.accumulate,
    clipGradNorm: settings.clipGradNorm,
    patience: settings.patience,
    weights: settings.weights,
    freeze: settings.freeze,
    seed: settings.seed,
    device: settings.device,
    threads: settings.threads,
    strict: settings.strict,
    logEvery: settings.logEvery,
    layerStats: settings.layerStats,
    checkpointSeconds: settings.checkpointSeconds,
  };
  const config = resolve(overrides);
  return resolve({
    ...overrides,
    transforms: config.transforms,
    optimizer: adjustOptimizer(config.optimizer, settings),
    ema: adjustEma(config.ema, settings),
    schedule: settings.warmUp === undefined ? config.schedule : { ...config.schedule, warmUpEpochs: settings.warmUp },
  });
}

/** Without what is undefined. */
function said<Options extends object>(options: Options): Partial<Options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Options>;
}

/** @param settings.emaWarmUp true where nothing is said */
function adjustEma(recipe: RunConfig['ema'], { ema, emaWarmUp = true }: TrainSettings): RunConfig['ema'] {
  const own = ema === undefined ? recipe : ema === false ? null : { decay: ema, warmUp: true };
  if (own) return { ...own, warmUp: own.warmUp && emaWarmUp };
  if (emaWarmUp) return null;
  throw new UsageError('--no-ema-warm-up is about an average that this run does not take', {
    hint: 'Add --ema 0.999, or leave it out.',
  });
}

function adjustOptimizer(
  optimizer: RunConfig['optimizer'],
  { momentum, weightDecay }: TrainSettings,
): RunConfig['optimizer'] {
  const adjusted = weightDecay === undefined ? optimizer : { ...optimizer, weightDecay };
  if (momentum === undefined) return adjusted;
  if (adjusted.name !== 'sgd') {
    throw new UsageError(`--momentum is a setting of sgd, but this run uses ${adjusted.name}`, {
      hint: 'Add --optimizer sgd, or leave --momentum out.',
    });
  }
  // Nesterov's form looks ahead along the momentum, and without one there is nothing to look along.
  return { ...adjusted, momentum, nesterov: momentum > 0 && adjusted.nesterov };
}
