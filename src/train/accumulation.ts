// A step of several batches: each adds its gradient to a sum, and the last one's sum changes the weights. It takes the memory
// of one batch and comes to the step of one large batch, but for rounding and batch norms, whose statistics are those of
// each batch.
//
//   every batch    images, targets -> [ forward | loss | backward | sum = sum + share * gradient ] -> loss, logits
//   after the last [ update of the weights by the sums | sum = 0 ]
//
// The loss is a mean over images, so a batch's share is that of its images in the step: also where the last is smaller.

import type { Batch } from '../data/index.ts';
import type { Graph, Measured } from '../devices/device.ts';
import { compileBatch } from '../devices/out-of-memory.ts';
import { add, assign, broadcastTo, constant, gradients, Input, mul, reshape, Variable } from '../tensor/index.ts';
import type { StepGraph } from './origin.ts';
import {
  feedsOf,
  forward,
  runOn,
  type Step,
  type StepData,
  type StepOptions,
  type StepPlace,
  type StepProgram,
  type StepResult,
  TrainingStep,
} from './step.ts';
import { updateFeeds, weightUpdate } from './update.ts';

/** @param accumulate batches a step */
export function createStep(options: StepOptions, loader: StepData, accumulate: number): Step {
  return accumulate === 1 ? new TrainingStep(options, loader) : new AccumulatedStep(options, loader);
}

export class AccumulatedStep implements Step {
  readonly #options: StepOptions;
  readonly #loader: StepData;
  /** Of the gradients so far, one a parameter; 0 between steps, so that no checkpoint needs them. */
  readonly #sums: readonly Variable[];
  readonly #share = new Input('share', []);
  readonly #programs = new Map<number, StepProgram>();
  #update: StepProgram | undefined;

  constructor(options: StepOptions, loader: StepData) {
    this.#options = options;
    this.#loader = loader;
    this.#sums = options.optimizer.parameters.map(({ shape, size }) => new Variable(shape, new Float32Array(size)));
  }

  isCompiled(batchSize: number): boolean {
    return this.#programs.has(batchSize);
  }

  async compile(batchSize: number): Promise<number> {
    this.#update ??= await this.#compileUpdate();
    let known = this.#programs.get(batchSize);
    if (!known) {
      known = await compileBatch(this.#options.device, batchSize, (size) => this.#graph(size));
      this.#programs.set(batchSize, known);
    }
    return this.#update.program.workspaceBytes + known.program.workspaceBytes;
  }

  measure(batchSize: number): Measured | undefined {
    return this.#options.device.measure?.(this.#graph(batchSize));
  }

  #graph(batchSize: number): Graph & StepGraph {
    const { loss, logits, calls } = forward(this.#options, this.#loader, batchSize);
    const assignments = gradients(loss, this.#options.optimizer.parameters).map((gradient, i) =>
      assign(this.#sums[i], add(this.#sums[i], mul(gradient, this.#share))),
    );
    return { outputs: { loss, logits }, assignments, loss, calls };
  }

  async #compileUpdate(): Promise<StepProgram> {
    const { assignments, outputs } = weightUpdate(this.#options, this.#sums, []);
    const cleared = this.#sums.map((sum) => {
      const zero = reshape(
        constant(0),
        sum.shape.map(() => 1),
      );
      return assign(sum, broadcastTo(zero, sum.shape));
    });
    const program = await this.#options.device.compile({ outputs, assignments: [...assignments, ...cleared] });
    return { program, graph: { calls: [], assignments, ...outputs } };
  }

  async run(batch: Batch, { step, learningRate, share, last }: StepPlace): Promise<StepResult> {
    const { program } = this.#programs.get(batch.size)!;
    const result = await runOn(batch, this.#options, this.#loader, program, { [this.#share.name]: share });
    if (!last) return result;
    const { gradientNorm } = await this.#update!.program.run(updateFeeds(this.#options, step, learningRate));
    return { ...result, gradientNorm: gradientNorm?.[0] };
  }

  async examine(batch: Batch, { step, learningRate, share, last }: StepPlace) {
    const own = this.#programs.get(batch.size)!;
    const feeds = feedsOf(batch, this.#options, this.#loader, { [this.#share.name]: share });
    const found = await own.program.examine?.(feeds);
    if (found) return { ...found, graph: own.graph };
    if (!last) return undefined;
    const { program, graph } = this.#update!;
    const late = await program.examine?.(updateFeeds(this.#options, step, learningRate));
    return late && { ...late, graph };
  }

  async reset(): Promise<void> {
    for (const sum of this.#sums) await this.#options.device.write(sum, new Float32Array(sum.size));
  }
}
