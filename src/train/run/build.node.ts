// Everything that a run is made of, built from its configuration and not yet begun. What can be wrong (data, transforms,
// model, schedule) is found out here, before a run folder exists.

import { type BatchLoader, type Dataset, fromConfig, randomSplit } from '../../data/index.ts';
import { createLoader } from '../../data/node.ts';
import { createDevice } from '../../devices/create-device.node.ts';
import type { Device } from '../../devices/device.ts';
import { UsageError } from '../../errors.ts';
import { createModel } from '../../models/index.ts';
import type { Module } from '../../nn/index.ts';
import type { ModelCard } from '../model-file.ts';
import { createOptimizer, type Optimizer } from '../optimizers/index.ts';
import { createSchedule, type Schedule } from '../schedules/index.ts';
import { createTask, type Task } from '../task.ts';
import type { RunConfig } from './config.ts';
import { findDataset, openDataset } from './datasets.node.ts';
import type { Reporter } from './reporter.ts';

export interface BuiltRun {
  readonly device: Device;
  readonly model: Module;
  /** What model.safetensors says about the model. */
  readonly card: ModelCard;
  readonly task: Task;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly training: BatchLoader;
  /** Of the images held out; undefined when there are none. */
  readonly validation: BatchLoader | undefined;
  readonly test: BatchLoader;
  /** Ends the device and the loaders. */
  close(): Promise<void>;
}

/** Images at once when nothing is trained. */
export const EVALUATION_BATCH = 100;

export async function buildRun(config: RunConfig, reporter: Reporter): Promise<BuiltRun> {
  const { seed, task: taskName, labelSmoothing, modelOptions } = config;
  const named = findDataset(config.dataset);
  const onProgress = reporter.download?.bind(reporter);
  const open = (split: 'train' | 'test') => openDataset(named, { split, limit: config.limit, onProgress });
  const [trainSet, heldOut] = holdOut(await open('train'), config);
  const testSet = await open('test');

  const augment = fromConfig(config.transforms.train);
  const preprocess = fromConfig(config.transforms.test);
  const [channels, height, width] = augment.outputShape(trainSet.imageShape);
  const tested = preprocess.outputShape(testSet.imageShape);
  if (tested[1] !== height || tested[2] !== width) {
    const sizes = `${height}x${width} in training, but ${tested[1]}x${tested[2]} in the test`;
    reporter.warning?.(`Images are ${sizes}: the model is measured on a size that it was not trained for.`);
  }

  const options = { ...modelOptions, classes: trainSet.classes.length, inChannels: channels, imageSize: height };
  const model = createModel(config.model, { ...options, seed });
  const optimizer = createOptimizer(config.optimizer, model.parameters());
  const task = createTask(taskName, { labelSmoothing });
  const evaluationLoader = (dataset: Dataset) =>
    createLoader(dataset, { batchSize: EVALUATION_BATCH, transform: preprocess });

  const loaders: BatchLoader[] = [];
  const keep = (loader: BatchLoader) => {
    loaders.push(loader);
    return loader;
  };
  const device = await createDevice(config.device, { threads: config.threads ?? undefined, strict: config.strict });
  const close = async () => {
    await Promise.all(loaders.map((loader) => loader.close()));
    await device.close();
  };
  try {
    const training = keep(
      createLoader(trainSet, { batchSize: config.batchSize, shuffle: true, seed, transform: augment }),
    );
    const length = { epochs: config.epochs, stepsPerEpoch: training.batchesPerEpoch };
    return {
      device,
      model,
      card: {
        model: config.model,
        options,
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
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
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
