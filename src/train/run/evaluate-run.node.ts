// Measuring a trained model on a test set: the one of its own data set, or of another with images and classes like it.

import type { BatchLoader, InputShape } from '../../data/index.ts';
import { createLoader } from '../../data/node.ts';
import { createDevice, type DeviceName } from '../../devices/create-device.node.ts';
import { checkBatch, together } from '../../devices/out-of-memory.ts';
import { UsageError } from '../../errors.ts';
import { batchSizes } from '../batches.ts';
import { type Evaluation, Evaluator } from '../evaluate.ts';
import { PredictionList, type Predictions } from '../metrics/predictions.ts';
import { createTask } from '../task.ts';
import { EVALUATION_BATCH } from './build.ts';
import { findDataset, openDataset } from './datasets.node.ts';
import { loadRun, type WeightsDescription } from './load-run.node.ts';
import type { Reporter } from './reporter.ts';

export interface EvaluateRunOptions extends WeightsDescription {
  /** A name of the catalog or a folder; the one it was trained on by default. */
  readonly dataset?: string;
  /** Only the first so many images. */
  readonly limit?: number;
  /** Images at once; the result doesn't depend on it. */
  readonly batchSize?: number;
  readonly device?: DeviceName;
  readonly threads?: number;
  readonly strict?: boolean;
  /** Also what each image is taken for; false by default. */
  readonly predictions?: boolean;
  /** Its download, evaluate and warning are called. */
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

export interface RunEvaluation extends Evaluation {
  /** Of the test images, in their order; null for multi-label. Only where they were asked for. */
  readonly predictions?: Predictions | null;
}

/** @param path a run folder or a weights file */
export async function evaluateRun(path: string, options: EvaluateRunOptions = {}): Promise<RunEvaluation> {
  const { reporter, signal, batchSize = EVALUATION_BATCH } = options;
  const { model, card, preprocessing, notes } = await loadRun(path, options);
  for (const note of notes) reporter?.warning?.(note);
  const source = findDataset(options.dataset ?? card.dataset);
  const { classes } = source;
  const onProgress = reporter?.download?.bind(reporter);
  const [channels] = card.imageShape;
  const limit = options.limit ?? null;
  const dataset = await openDataset(source, { split: 'test', limit, channels, onProgress });
  if (source.multiLabel && card.task === 'single-label') {
    throw new UsageError(`the model gives one class an image, but ${source.name} has any number of labels an image`);
  }
  if (!takes(card.imageShape, dataset.imageShape) || classes.length !== card.classes.length) {
    const wanted = `${shapeText(card.imageShape)} in ${card.classes.length} classes`;
    const found = `${shapeText(dataset.imageShape)} in ${classes.length} classes`;
    throw new UsageError(`the model takes ${wanted}, but ${source.name} has ${found}`);
  }
  if (classes.join() !== card.classes.join()) {
    const names = `${card.classes[0]}, ${card.classes[1]}, ...`;
    reporter?.warning?.(`The model was trained on other classes (${names}) than ${source.name} has.`);
  }
  const device = await createDevice(options.device, { threads: options.threads, strict: options.strict });
  const predictions = options.predictions && card.task === 'single-label' ? new PredictionList() : null;
  let loader: BatchLoader | undefined;
  try {
    const evaluator = new Evaluator({ device, model, task: createTask(card.task) });
    const data = { dataset, imageShape: preprocessing.outputShape(dataset.imageShape) };
    // The loader's memory comes after the program's, which is larger.
    if (batchSize > EVALUATION_BATCH) {
      checkBatch(Math.min(batchSize, dataset.length), (size) =>
        together(batchSizes(dataset.length, size).map((own) => evaluator.measure(own, data))),
      );
    }
    loader = createLoader(dataset, { batchSize, transform: preprocessing });
    const evaluation = await evaluator.run(loader, {
      signal,
      onProgress: (images) => reporter?.evaluate?.({ set: 'test', images, of: dataset.length }),
      onLogits: (logits, { labels, size }) => predictions?.add(logits, labels.subarray(0, size)),
    });
    return options.predictions ? { ...evaluation, predictions } : evaluation;
  } finally {
    await loader?.close();
    await device.close();
  }
}

/** Whether images of one shape are images of the other: where a size is null, any will do. */
function takes(wanted: InputShape, found: InputShape): boolean {
  return wanted.every((extent, axis) => extent === null || extent === found[axis]);
}

const shapeText = (shape: InputShape) => `images of [${shape.map((extent) => extent ?? 'any').join(', ')}]`;
