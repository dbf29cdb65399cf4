// Everything that a run is made of, built from its configuration and not yet begun. What can be wrong (data, transforms,
// model, schedule) is found out here, before a run folder exists. Where the data, the threads and the files of weights come
// from is the platform's: Node's is platform.node.ts, a tab's is in src/studio/page/engine.

import {
  type BatchLoader,
  DataLoader,
  type Dataset,
  fromConfig,
  type LoaderOptions,
  randomSplit,
  type SplitName,
  subset,
  take,
} from '../../data/index.ts';
import type { DataSource } from '../../data/sources/source.ts';
import type { Device } from '../../devices/device.ts';
import { ResiduaError, UsageError } from '../../errors.ts';
import { NormProbe, probeSample } from '../../explain/norms.ts';
import type { SafeTensor } from '../../formats/safetensors.ts';
import { createModel } from '../../models/index.ts';
import { fitStateNames, type Module } from '../../nn/index.ts';
import { createStep } from '../accumulation.ts';
import { EarlyStopping } from '../early-stopping.ts';
import { ModelEma } from '../ema.ts';
import { Evaluator } from '../evaluate.ts';
import { freezeStages, type LoadedHead, loadForFineTuning } from '../fine-tune.ts';
import type { ModelCard } from '../model-file.ts';
import { createOptimizer, type Optimizer } from '../optimizers/index.ts';
import { type PreflightWarning, preflight } from '../preflight/index.ts';
import { createSchedule, type Schedule } from '../schedules/index.ts';
import { createTask, type Task } from '../task.ts';
import { checkMemory } from './check-memory.ts';
import type { RunConfig } from './config.ts';
import type { Reporter } from './reporter.ts';

export interface BuiltRun {
  readonly device: Device;
  /** Trained. */
  readonly model: Module;
  /** Validated, tested and saved: the moving average of `model`, or `model` itself. */
  readonly measured: Module;
  readonly ema: ModelEma | undefined;
  readonly earlyStopping: EarlyStopping | undefined;
  /** What became of the last layer where the weights come from a file that was read. */
  readonly head: LoadedHead | undefined;
  /** What model.safetensors says about the model. */
  readonly card: ModelCard;
  readonly task: Task;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly training: BatchLoader;
  /** Of the images held out; undefined when there are none. */
  readonly validation: BatchLoader | undefined;
  readonly test: BatchLoader;
  /** Of `measured`: both sets are measured by the same programs. */
  readonly evaluator: Evaluator;
  /** What the preflight found. */
  readonly warnings: readonly PreflightWarning[];
  /** Measures how gradients and activations get through the layers; undefined where nobody wants to know. */
  readonly norms: NormProbe | undefined;
  /** Ends the device and the loaders. */
  close(): Promise<void>;
}

/** Images at once when nothing is trained. */
export const EVALUATION_BATCH = 100;

/** What a run needs of where it runs. */
export interface Platform {
  /** @throws UsageError where there is no such data set here */
  findDataset(nameOrFolder: string): DataSource;
  createDevice(name: RunConfig['device'], options: { threads?: number; strict?: boolean }): Promise<Device>;
  createLoader(dataset: Dataset, options: LoaderOptions): BatchLoader;
  /** A file of weights, in whatever format. */
  readWeights(
    file: string,
  ): Promise<{ readonly tensors: ReadonlyMap<string, SafeTensor>; readonly notes: readonly string[] }>;
}

export interface BuildOptions {
  readonly platform: Platform;
  readonly reporter: Reporter;
  /** All weights will come from a checkpoint: a file that the first ones came from isn't needed any more. */
  readonly resumed: boolean;
}

export async function buildRun(config: RunConfig, options: BuildOptions): Promise<BuiltRun> {
  const { platform, reporter, resumed } = options;
  const { seed, task: taskName, labelSmoothing, modelOptions } = config;
  const source = platform.findDataset(config.dataset);
  for (const note of source.notes) reporter.note?.(note);
  const onProgress = reporter.download?.bind(reporter);
  const open = async (split: SplitName) => {
    const dataset = await source.open(split, { onProgress });
    return config.limit === null ? dataset : take(dataset, config.limit);
  };
  const [trainSet, heldOut] = await validationOf(source, config, open);
  const testSet = await open('test');

  const augment = fromConfig(config.transforms.train);
  const preprocess = fromConfig(config.transforms.test);
  const shapes = {
    train: augment.outputShape(trainSet.imageShape),
    test: preprocess.outputShape(testSet.imageShape),
  };

  const [inChannels, imageSize] = shapes.train;
  const built = { ...modelOptions, classes: trainSet.classes.length, inChannels, imageSize };
  const newModel = () => createModel(config.model, { ...built, seed });
  const model = newModel();
  const head = config.weights !== null && !resumed ? await loadWeights(model, config.weights, options) : undefined;
  freezeStages(model, config.freeze);
  const optimizer = createOptimizer(config.optimizer, model.trainableParameters());
  const ema = config.ema === null ? undefined : new ModelEma(model, newModel(), config.ema);
  const measured = ema?.model ?? model;
  const task = createTask(taskName, { labelSmoothing, mixed: config.mixup > 0 || config.cutmix > 0 });
  const evaluationLoader = (dataset: Dataset) =>
    platform.createLoader(dataset, { batchSize: EVALUATION_BATCH, transform: preprocess });

  const loaders: BatchLoader[] = [];
  const keep = (loader: BatchLoader) => {
    loaders.push(loader);
    return loader;
  };
  const device = await platform.createDevice(config.device, {
    threads: config.threads ?? undefined,
    strict: config.strict,
  });
  const close = async () => {
    await Promise.all(loaders.map((loader) => loader.close()));
    await device.close();
  };
  try {
    const evaluator = new Evaluator({ device, model: measured, task });
    const clipGradNorm = config.clipGradNorm ?? undefined;
    const data = { dataset: trainSet, imageShape: shapes.train };
    checkMemory({
      step: createStep({ device, model, task, optimizer, clipGradNorm, ema }, data, config.accumulate),
      evaluator,
      batchSize: config.batchSize,
      training: data,
      evaluation: { dataset: testSet, imageShape: shapes.test, batchSize: EVALUATION_BATCH },
    });
    const training = keep(
      platform.createLoader(trainSet, {
        batchSize: config.batchSize,
        shuffle: true,
        seed,
        transform: augment,
        mix: config,
      }),
    );
    const length = { epochs: config.epochs, stepsPerEpoch: Math.ceil(training.batchesPerEpoch / config.accumulate) };
    const steps = length.epochs * length.stepsPerEpoch;
    const sets = { train: trainSet, validation: heldOut, test: testSet };
    const warnings = preflight({ config, ...sets, augment, preprocess, steps });
    for (const warning of warnings) reporter.preflight?.(warning);
    const { patience } = config;
    return {
      device,
      model,
      measured,
      ema,
      earlyStopping: patience === null ? undefined : new EarlyStopping({ device, model: measured, patience }),
      head,
      card: {
        model: config.model,
        options: built,
        classes: trainSet.classes,
        imageShape: trainSet.imageShape,
        preprocessing: preprocess.config,
        task: taskName,
        dataset: config.dataset,
      },
      task,
      optimizer,
      schedule: createSchedule(config.schedule, config.learningRate, length),
      training,
      validation: heldOut && keep(evaluationLoader(heldOut)),
      test: keep(evaluationLoader(testSet)),
      evaluator,
      warnings,
      norms: config.layerStats
        ? new NormProbe({ device, model, task, loader: probeLoader(trainSet, config) })
        : undefined,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A few images of the training set, prepared as test images are: the same ones each time. */
function probeLoader(dataset: Dataset, { batchSize, transforms }: RunConfig): BatchLoader {
  const sample = probeSample(dataset.length, batchSize);
  const transform = fromConfig(transforms.test);
  return new DataLoader(subset(dataset, sample.indices), { batchSize: sample.batchSize, transform });
}

async function loadWeights(model: Module, file: string, { platform, reporter }: BuildOptions): Promise<LoadedHead> {
  const { tensors, notes } = await platform.readWeights(file);
  const fitted = fitStateNames(tensors, model.stateDict());
  for (const note of [...notes, ...fitted.notes]) reporter.warning?.(note);
  try {
    return loadForFineTuning(model, fitted.entries);
  } catch (error) {
    if (!(error instanceof ResiduaError)) throw error;
    throw new ResiduaError(`${file}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

/** The training images, and those to validate on: the source's own, or some that are held out of the training. */
async function validationOf(
  source: DataSource,
  config: RunConfig,
  open: (split: SplitName) => Promise<Dataset>,
): Promise<[Dataset, Dataset | undefined]> {
  const train = await open('train');
  if (source.multiLabel && config.task === 'single-label') {
    throw new UsageError(`${source.name} has any number of labels an image, and the task is single-label`, {
      hint: 'Leave --task out, or make it multi-label.',
    });
  }
  if (source.images.validation === 0) return holdOut(train, config);
  if (config.validationImages === 0) return [train, await open('validation')];
  throw new UsageError(`${source.name} has ${source.images.validation} validation images of its own`, {
    hint: 'Leave --validation out to use them.',
  });
}

/** The training images without those that are held out, and these. */
function holdOut(dataset: Dataset, { validationImages, seed }: RunConfig): [Dataset, Dataset | undefined] {
  if (validationImages === 0) return [dataset, undefined];
  const rest = dataset.length - validationImages;
  if (rest < 1) {
    throw new UsageError(`${dataset.name} has ${dataset.length} images: ${validationImages} cannot be held out`, {
      hint: 'Hold out fewer images, or raise the limit.',
    });
  }
  const [train, validation] = randomSplit(dataset, [rest, validationImages], seed);
  return [train, validation];
}
