// A training step as one program: forward, backward and the update of the weights together, so the device can fuse across
// them and nothing but the batch goes in and nothing but the loss and the logits comes out.
//
//   images, targets, learning rate -> [ forward | loss | backward | update of the weights ] -> loss, logits
//
// A step of several batches (accumulation.ts) takes this apart.

import type { Batch, BatchLoader } from '../data/index.ts';
import type { Device, Program, Values } from '../devices/device.ts';
import { collectGraph } from '../devices/graph.ts';
import type { Module } from '../nn/index.ts';
import { gradients, Input, type Tensor } from '../tensor/index.ts';
import { checkOutputs } from './evaluate.ts';
import type { Task } from './task.ts';
import { type UpdateOptions, updateFeeds, weightUpdate } from './update.ts';

export interface StepOptions extends UpdateOptions {
  readonly device: Device;
  readonly model: Module;
  readonly task: Task;
}

/** Where a batch stands among the training's. */
export interface StepPlace {
  /** Counts from 1. */
  readonly step: number;
  readonly learningRate: number;
  /** The batch's share of the step's images; 1 for a step of one batch. */
  readonly share: number;
  /** Whether the step ends with it, and the weights change. */
  readonly last: boolean;
}

export interface StepResult {
  /** Mean over the batch, before the update. */
  readonly loss: number;
  /** Right predictions, before the update. */
  readonly correct: number;
  /** Length of the step's gradient before it is clipped; undefined where it isn't, and before the step's last batch. */
  readonly gradientNorm: number | undefined;
}

/** What the training loop runs on the batches of one loader. Programs are compiled for each batch size that comes up. */
export interface Step {
  /** Whether the next batch of this size has its program already. */
  isCompiled(batchSize: number): boolean;
  /** @returns the bytes that the step works in */
  compile(batchSize: number): Promise<number>;
  run(batch: Batch, place: StepPlace): Promise<StepResult>;
}

/** One batch a step, one program. */
export class TrainingStep implements Step {
  readonly #options: StepOptions;
  readonly #loader: BatchLoader;
  readonly #programs = new Map<number, Program>();

  constructor(options: StepOptions, loader: BatchLoader) {
    this.#options = options;
    this.#loader = loader;
  }

  isCompiled(batchSize: number): boolean {
    return this.#programs.has(batchSize);
  }

  async compile(batchSize: number): Promise<number> {
    const known = this.#programs.get(batchSize);
    if (known) return known.workspaceBytes;
    const { loss, logits } = forward(this.#options, this.#loader, batchSize);
    const { optimizer, device } = this.#options;
    const effects = collectGraph({ outputs: { loss } }).assignments;
    const update = weightUpdate(this.#options, gradients(loss, optimizer.parameters), effects);
    const outputs = { loss, logits, ...update.outputs };
    const program = await device.compile({ outputs, assignments: update.assignments });
    this.#programs.set(batchSize, program);
    return program.workspaceBytes;
  }

  async run(batch: Batch, { step, learningRate }: StepPlace): Promise<StepResult> {
    const program = this.#programs.get(batch.size)!;
    return runOn(batch, this.#options, this.#loader, program, updateFeeds(this.#options, step, learningRate));
  }
}

/** The training form of the model on a batch, and its loss. */
export function forward(
  { model, task }: StepOptions,
  { imageShape, dataset }: BatchLoader,
  batchSize: number,
): { readonly loss: Tensor; readonly logits: Tensor } {
  const images = new Input('images', [batchSize, ...imageShape]);
  const targets = task.targets(batchSize, dataset.classes.length);
  const logits = model.train().forward(images);
  checkOutputs(logits.shape, dataset.name, dataset.classes.length);
  return { loss: task.trainingLoss(logits, targets), logits };
}

/** @param feeds of the program, besides the batch */
export async function runOn(
  batch: Batch,
  { task }: StepOptions,
  { dataset }: BatchLoader,
  program: Program,
  feeds: Readonly<Record<string, number>>,
): Promise<StepResult> {
  const classes = dataset.classes.length;
  const targets = task.targetsOf(batch, classes);
  const given = { images: batch.images, targets, ...task.mixedFeeds?.(batch), ...feeds };
  const outputs: Readonly<Record<string, Values>> = await program.run(given);
  const gradientNorm = outputs.gradientNorm?.[0];
  return { loss: outputs.loss[0], correct: task.correct(outputs.logits, targets, classes), gradientNorm };
}
