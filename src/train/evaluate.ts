// Evaluation: runs a model in evaluation mode over all batches of a loader and measures its predictions. Programs are
// compiled a batch size each, when one is first met, and kept, so the last, partial batch is like any other and a
// validation after every epoch compiles nothing again.

import type { Batch, BatchLoader } from '../data/index.ts';
import type { Device, Graph, Measured, Program } from '../devices/device.ts';
import { compileBatch } from '../devices/out-of-memory.ts';
import { UsageError } from '../errors.ts';
import type { Module } from '../nn/index.ts';
import { Input } from '../tensor/index.ts';
import { createBreathing } from './breathe.ts';
import type { CalibrationBin } from './metrics/calibration.ts';
import type { ClassMetrics, Scores } from './metrics/class-metrics.ts';
import type { Mistake } from './metrics/mistakes.ts';
import { NonFiniteError } from './non-finite.ts';
import type { StepData } from './step.ts';
import { singleLabel, type Task } from './task.ts';

/** Quality of a model on a set of images. Shares are from 0 to 1. */
export interface Evaluation {
  /** Share of images whose largest logit is their class; multi-label: share of right yes/no decisions. */
  readonly accuracy: number;
  /** Share of images whose class is among the five largest logits; null for multi-label. */
  readonly top5: number | null;
  /** Mean loss an image. */
  readonly loss: number;
  /** In the order of the classes. */
  readonly perClass: readonly ClassMetrics[];
  /** Means over the classes. */
  readonly macro: Scores;
  /** Of all yes/no decisions together; null unless multi-label. */
  readonly micro: Scores | null;
  /** Mean of the labels' average precision; null unless multi-label. */
  readonly meanAveragePrecision: number | null;
  /** confusion[true class][predicted class], images; null for multi-label. */
  readonly confusion: readonly (readonly number[])[] | null;
  /** Expected calibration error, 15 bins (Guo et al. 2017); null for multi-label. */
  readonly ece: number | null;
  /** The bins of that error, the least confident first: the reliability diagram; null for multi-label. */
  readonly calibration: readonly CalibrationBin[] | null;
  /** Share of images all of whose labels are right; null unless multi-label. */
  readonly exactMatch: number | null;
  /** The images on which the model is wrong and most sure of it, the worst first; 24 at most. */
  readonly mistakes: readonly Mistake[];
  readonly images: number;
  readonly seconds: number;
}

export interface EvaluatorOptions {
  readonly device: Device;
  /** Its mode (training or evaluation) is left as it is. */
  readonly model: Module;
  /** One class an image by default. */
  readonly task?: Task;
}

export interface EvaluateOptions {
  readonly signal?: AbortSignal;
  /** Called after every batch with the number of images done. */
  readonly onProgress?: (images: number) => void;
  /** Called with every batch's logits [size, classes]; both are valid until it returns. */
  readonly onLogits?: (logits: ArrayLike<number>, batch: Batch) => void;
}

export class Evaluator {
  readonly #device: Device;
  readonly #model: Module;
  readonly #task: Task;
  readonly #programs = new Map<number, Program>();

  constructor({ device, model, task = singleLabel() }: EvaluatorOptions) {
    this.#device = device;
    this.#model = model;
    this.#task = task;
  }

  /**
   * @param loader its batch size does not change the result (beyond rounding)
   * @throws the signal's reason when it is aborted; NonFiniteError when the loss is not a number
   */
  async run(loader: BatchLoader, { signal, onProgress, onLogits }: EvaluateOptions = {}): Promise<Evaluation> {
    const { dataset } = loader;
    const classes = dataset.classes.length;
    const metrics = this.#task.metrics(dataset.classes);
    const breathe = createBreathing();
    const start = performance.now();
    let lossSum = 0;
    let images = 0;
    for await (const batch of loader.epoch(0)) {
      signal?.throwIfAborted();
      const program = this.#programs.get(batch.size) ?? (await this.#compile(batch.size, loader));
      const targets = this.#task.targetsOf(batch, classes);
      const { loss, logits } = await program.run({ images: batch.images, targets });
      if (Number.isNaN(loss[0])) {
        throw new NonFiniteError(`${dataset.name}: the model's loss is not a number (images ${images} and following)`, {
          hint: 'Its weights hold NaN or infinite values, or such large ones that it overflows: use a checkpoint from before the training diverged.',
        });
      }
      lossSum += loss[0] * batch.size;
      images += batch.size;
      metrics.add(logits, targets, batch.indices);
      onLogits?.(logits, batch);
      onProgress?.(images);
      await breathe();
    }
    const result = metrics.result();
    const mistakes = result.mistakes.map((own) => ({ ...own, file: dataset.fileOf?.(own.index) }));
    return { ...result, mistakes, loss: lossSum / images, images, seconds: (performance.now() - start) / 1000 };
  }

  /** What the evaluation of a batch takes; undefined where the device can't tell. */
  measure(batchSize: number, data: StepData): Measured | undefined {
    return this.#device.measure?.(this.#graph(batchSize, data));
  }

  async #compile(batchSize: number, data: StepData): Promise<Program> {
    const { program } = await compileBatch(this.#device, batchSize, (size) => this.#graph(size, data));
    this.#programs.set(batchSize, program);
    return program;
  }

  #graph(batchSize: number, { imageShape, dataset }: StepData): Graph {
    const images = new Input('images', [batchSize, ...imageShape]);
    const { training } = this.#model;
    const logits = this.#model.eval().forward(images);
    this.#model.train(training);
    checkOutputs(logits.shape, dataset.name, dataset.classes.length);
    const targets = this.#task.targets(batchSize, dataset.classes.length);
    const loss = this.#task.evaluationLoss(logits, targets);
    return { outputs: { loss, logits } };
  }
}

/** One evaluation. For several of one model, an Evaluator compiles only once. */
export function evaluate({
  loader,
  signal,
  onProgress,
  onLogits,
  ...options
}: EvaluatorOptions & EvaluateOptions & { readonly loader: BatchLoader }): Promise<Evaluation> {
  return new Evaluator(options).run(loader, { signal, onProgress, onLogits });
}

/** @throws UsageError unless the logits are [N, classes] */
export function checkOutputs(logits: readonly number[], dataset: string, classes: number): void {
  if (logits.length === 2 && logits[1] === classes) return;
  throw new UsageError(`the model gives [${logits.join(', ')}], but ${dataset} has ${classes} classes`, {
    hint: `Use a model that gives [N, ${classes}] logits, or another data set.`,
  });
}
