// A training step as one program: forward, backward and the optimizer's update together, so the device can fuse across
// them and nothing but the batch goes in and nothing but the loss and the logits comes out.
//
//   images, targets, learning rate -> [ forward | loss | backward | update of the weights ] -> loss, logits

import type { Batch, BatchLoader } from '../data/index.ts';
import type { Device, Program, Values } from '../devices/device.ts';
import type { Module } from '../nn/index.ts';
import { gradients, Input } from '../tensor/index.ts';
import { checkOutputs } from './evaluate.ts';
import type { Optimizer } from './optimizers/index.ts';
import type { Task } from './task.ts';

export interface StepOptions {
  readonly device: Device;
  readonly model: Module;
  readonly task: Task;
  readonly optimizer: Optimizer;
}

export interface StepResult {
  /** Mean over the batch, before the update. */
  readonly loss: number;
  /** Right predictions, before the update. */
  readonly correct: number;
}

/** Training steps on the batches of one loader, compiled for each batch size that comes up. */
export class TrainingStep {
  readonly #options: StepOptions;
  readonly #loader: BatchLoader;
  readonly #classes: number;
  readonly #programs = new Map<number, Program>();

  constructor(options: StepOptions, loader: BatchLoader) {
    this.#options = options;
    this.#loader = loader;
    this.#classes = loader.dataset.classes.length;
  }

  /** Whether the next step of this size has its program already. */
  isCompiled(batchSize: number): boolean {
    return this.#programs.has(batchSize);
  }

  async compile(batchSize: number): Promise<Program> {
    const known = this.#programs.get(batchSize);
    if (known) return known;
    const { device, model, task, optimizer } = this.#options;
    const images = new Input('images', [batchSize, ...this.#loader.imageShape]);
    const targets = task.targets(batchSize, this.#classes);
    const logits = model.train().forward(images);
    checkOutputs(logits.shape, this.#loader.dataset.name, this.#classes);
    const loss = task.trainingLoss(logits, targets);
    const assignments = optimizer.assignments(gradients(loss, optimizer.parameters));
    const program = await device.compile({ outputs: { loss, logits }, assignments });
    this.#programs.set(batchSize, program);
    return program;
  }

  /** @param step counts from 1 */
  async run(batch: Batch, step: number, learningRate: number): Promise<StepResult> {
    const { task, optimizer } = this.#options;
    const program = await this.compile(batch.size);
    const targets = task.targetsOf(batch, this.#classes);
    const feeds = { images: batch.images, targets, ...optimizer.feeds(step, learningRate) };
    const outputs: Readonly<Record<string, Values>> = await program.run(feeds);
    return { loss: outputs.loss[0], correct: task.correct(outputs.logits, targets, this.#classes) };
  }
}
