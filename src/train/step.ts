// A training step as one program: forward, backward and the update of the weights together, so the device can fuse across
// them and nothing but the batch goes in and nothing but the loss and the logits comes out.
//
//   images, targets, learning rate -> [ forward | loss | backward | update of the weights ] -> loss, logits
//
// A step of several batches (accumulation.ts) takes this apart.

import type { Batch, BatchLoader } from '../data/index.ts';
import type { Device, Graph, Measured, NonFinite, Program, Values } from '../devices/device.ts';
import { collectGraph } from '../devices/graph.ts';
import { compileBatch } from '../devices/out-of-memory.ts';
import { type Module, type ModuleCall, trace } from '../nn/index.ts';
import { gradients, Input, type Tensor } from '../tensor/index.ts';
import { checkOutputs } from './evaluate.ts';
import type { StepGraph } from './origin.ts';
import type { Task } from './task.ts';
import { type UpdateOptions, updateFeeds, weightUpdate } from './update.ts';

export interface StepOptions extends UpdateOptions {
  readonly device: Device;
  readonly model: Module;
  readonly task: Task;
}

/** What a step has to know of the loader whose batches it gets. */
export type StepData = Pick<BatchLoader, 'dataset' | 'imageShape'>;

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
  /** What compile would take; undefined where the device can't tell. */
  measure(batchSize: number): Measured | undefined;
  run(batch: Batch, place: StepPlace): Promise<StepResult>;
  /** Runs, and tells the first tensor that is not finite, if there is one and the device can tell. */
  examine(batch: Batch, place: StepPlace): Promise<(NonFinite & { readonly graph: StepGraph }) | undefined>;
  /** Forgets the batches of a step that is not over. */
  reset(): Promise<void>;
}

/** A program of a step, and how its graph came about. */
export interface StepProgram {
  readonly program: Program;
  readonly graph: StepGraph;
}

/** One batch a step, one program. */
export class TrainingStep implements Step {
  readonly #options: StepOptions;
  readonly #loader: StepData;
  readonly #programs = new Map<number, StepProgram>();

  constructor(options: StepOptions, loader: StepData) {
    this.#options = options;
    this.#loader = loader;
  }

  isCompiled(batchSize: number): boolean {
    return this.#programs.has(batchSize);
  }

  async compile(batchSize: number): Promise<number> {
    const known = this.#programs.get(batchSize);
    if (known) return known.program.workspaceBytes;
    const compiled = await compileBatch(this.#options.device, batchSize, (size) => this.#graph(size));
    this.#programs.set(batchSize, compiled);
    return compiled.program.workspaceBytes;
  }

  measure(batchSize: number): Measured | undefined {
    return this.#options.device.measure?.(this.#graph(batchSize));
  }

  #graph(batchSize: number): Graph & StepGraph {
    const { loss, logits, calls } = forward(this.#options, this.#loader, batchSize);
    const effects = collectGraph({ outputs: { loss } }).assignments;
    const update = weightUpdate(this.#options, gradients(loss, this.#options.optimizer.parameters), effects);
    const { assignments, outputs } = update;
    return { outputs: { loss, logits, ...outputs }, assignments, loss, calls, ...outputs };
  }

  async run(batch: Batch, { step, learningRate }: StepPlace): Promise<StepResult> {
    const { program } = this.#programs.get(batch.size)!;
    return runOn(batch, this.#options, this.#loader, program, updateFeeds(this.#options, step, learningRate));
  }

  async examine(batch: Batch, { step, learningRate }: StepPlace) {
    const { program, graph } = this.#programs.get(batch.size)!;
    const feeds = feedsOf(batch, this.#options, this.#loader, updateFeeds(this.#options, step, learningRate));
    const found = await program.examine?.(feeds);
    return found && { ...found, graph };
  }

  async reset(): Promise<void> {}
}

/** The training form of the model on a batch, and its loss. */
export function forward(
  { model, task }: StepOptions,
  { imageShape, dataset }: StepData,
  batchSize: number,
): { readonly loss: Tensor; readonly logits: Tensor; readonly calls: readonly ModuleCall[] } {
  const images = new Input('images', [batchSize, ...imageShape]);
  const targets = task.targets(batchSize, dataset.classes.length);
  const { output: logits, calls } = trace(model.train(), images);
  checkOutputs(logits.shape, dataset.name, dataset.classes.length);
  return { loss: task.trainingLoss(logits, targets), logits, calls };
}

/** @param feeds of the program, besides the batch */
export function feedsOf(
  batch: Batch,
  { task }: StepOptions,
  { dataset }: StepData,
  feeds: Readonly<Record<string, number>>,
) {
  const targets = task.targetsOf(batch, dataset.classes.length);
  return { images: batch.images, targets, ...task.mixedFeeds?.(batch), ...feeds };
}

/** @param feeds of the program, besides the batch */
export async function runOn(
  batch: Batch,
  options: StepOptions,
  loader: StepData,
  program: Program,
  feeds: Readonly<Record<string, number>>,
): Promise<StepResult> {
  const given = feedsOf(batch, options, loader, feeds);
  const outputs: Readonly<Record<string, Values>> = await program.run(given);
  const gradientNorm = outputs.gradientNorm?.[0];
  const correct = options.task.correct(outputs.logits, given.targets, loader.dataset.classes.length);
  return { loss: outputs.loss[0], correct, gradientNorm };
}
