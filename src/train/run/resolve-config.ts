// From what the user said to a complete configuration: the recipe's value wherever nothing was said. The same in Node and in
// a tab, which differ in where data sets are found and what is written down of themselves.

import type { DatasetTraits } from '../../data/index.ts';
import { type DataSource, traitsOf } from '../../data/sources/source.ts';
import { UsageError } from '../../errors.ts';
import { findModel } from '../../models/index.ts';
import { version } from '../../version.ts';
import { areSmall, defaultTransforms, type TransformLists } from '../default-transforms.ts';
import { type OptimizerConfig, type OptimizerName, optimizerNames } from '../optimizers/index.ts';
import { findRecipe, type Recipe, recipeFor } from '../recipes.ts';
import { type ScheduleConfig, scheduleNames } from '../schedules/index.ts';
import { parseRunConfig, type RunConfig, type RunOverrides } from './config.ts';

/** An optimizer that is named without settings, and a learning rate that suits it. */
const usual: Readonly<Record<OptimizerName, { config: OptimizerConfig; learningRate: number }>> = {
  // He et al. 2015, sec. 3.4, with the learning rate for batches of about 64 instead of 256.
  sgd: { config: { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 }, learningRate: 0.05 },
  adam: { config: { name: 'adam' }, learningRate: 0.001 },
  adamw: { config: { name: 'adamw', weightDecay: 0.01 }, learningRate: 0.001 },
};

export interface ResolveOptions {
  /** @throws UsageError where there is no such data set here */
  findDataset(nameOrFolder: string): DataSource;
  /** Of what runs it. */
  readonly versions: Omit<RunConfig['versions'], 'residua'>;
}

/**
 * @param overrides undefined fields count as not said
 * @throws UsageError for an unknown recipe, data set or model, and for values that are out of range
 */
export function completeConfig(overrides: RunOverrides, { findDataset, versions }: ResolveOptions): RunConfig {
  const said = overrides.dataset === undefined ? undefined : findDataset(overrides.dataset);
  const recipe = findRecipe(overrides.recipe ?? (said ? recipeFor(said.catalogName) : 'digits'));
  const dataset = said ?? findDataset(recipe.dataset);
  const task = overrides.task ?? (dataset.multiLabel ? 'multi-label' : recipe.task);
  const model = findModel(overrides.model ?? recipe.model);
  const epochs = overrides.epochs ?? recipe.epochs;
  const optimizer = chooseOptimizer(overrides.optimizer, recipe);
  const usualRate =
    optimizer.name === recipe.optimizer.name ? recipe.learningRate : usual[optimizer.name]?.learningRate;
  const config = {
    recipe: recipe.name,
    dataset: dataset.name,
    limit: overrides.limit ?? null,
    validationImages: overrides.validationImages ?? 0,
    model: model.name,
    modelOptions: overrides.modelOptions ?? {},
    task,
    labelSmoothing: overrides.labelSmoothing ?? (task === recipe.task ? recipe.labelSmoothing : 0),
    transforms: overrides.transforms ?? chooseTransforms(overrides, recipe, traitsOf(dataset)),
    mixup: overrides.mixup ?? 0,
    cutmix: overrides.cutmix ?? 0,
    epochs,
    batchSize: overrides.batchSize ?? recipe.batchSize,
    accumulate: overrides.accumulate ?? 1,
    learningRate: overrides.learningRate ?? usualRate,
    optimizer,
    schedule: chooseSchedule(overrides.schedule, recipe, epochs),
    // null is said, too: without the recipe's.
    clipGradNorm: overrides.clipGradNorm === undefined ? recipe.clipGradNorm : overrides.clipGradNorm,
    ema: overrides.ema === undefined ? recipe.ema : overrides.ema,
    patience: overrides.patience ?? null,
    weights: overrides.weights || null,
    freeze: overrides.freeze ?? [],
    seed: overrides.seed ?? 0,
    device: overrides.device ?? 'auto',
    threads: overrides.threads ?? null,
    strict: overrides.strict ?? false,
    logEvery: overrides.logEvery ?? 100,
    layerStats: overrides.layerStats ?? true,
    checkpointSeconds: overrides.checkpointSeconds ?? 60,
    versions: { residua: version, ...versions },
  };
  const parsed = parseRunConfig(config, 'the configuration');
  const validated = parsed.validationImages > 0 || dataset.images.validation > 0;
  if (parsed.patience !== null && !validated) {
    throw new UsageError('early stopping needs training images that are held out: the test set chooses nothing', {
      hint: 'Hold some out, --validation 5000 for instance.',
    });
  }
  return parsed;
}

/** The recipe's own where images are like those it was made for and nothing else is said; the usual ones otherwise. */
function chooseTransforms(
  { augment, imageSize, erase }: RunOverrides,
  recipe: Recipe,
  traits: DatasetTraits,
): TransformLists {
  const asked = augment !== undefined || imageSize !== undefined || erase !== undefined;
  if (recipe.transforms && areSmall(traits) && !asked) return recipe.transforms(traits);
  return defaultTransforms(traits, { augment: augment ?? recipe.augment, imageSize, erase });
}

function chooseOptimizer(said: RunOverrides['optimizer'], recipe: Recipe): OptimizerConfig {
  if (said === undefined || said === recipe.optimizer.name) return recipe.optimizer;
  return typeof said === 'string' ? usual[oneOf('optimizer', optimizerNames, said)].config : said;
}

function chooseSchedule(said: RunOverrides['schedule'], recipe: Recipe, epochs: number): ScheduleConfig {
  if (said === undefined || said === recipe.schedule.name) return recipe.schedule;
  if (typeof said !== 'string') return said;
  const name = oneOf('schedule', scheduleNames, said);
  return name === 'step' ? { name, everyEpochs: epochs / 3 } : { name };
}

function oneOf<Name extends string>(what: string, names: readonly Name[], said: string): Name {
  const known = names.find((name) => name === said);
  if (known !== undefined) return known;
  throw new UsageError(`there is no ${what} called '${said}'`, { hint: `The ${what}s are: ${names.join(', ')}.` });
}
