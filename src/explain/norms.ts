// How gradients and activations get through a network, layer by layer: whether gradients vanish or explode on their way back,
// and whether activations die. Measured on the same images each time, by a program of its own: forward in training mode and
// backward, without updating anything, so a training is the same with and without it.

import type { Batch, BatchLoader } from '../data/index.ts';
import type { Device, Program, Values } from '../devices/device.ts';
import { isActivation, type Module, type ModuleCall, trace } from '../nn/index.ts';
import { ancestors } from '../tensor/autograd.ts';
import {
  channelMean,
  channelVariance,
  constant,
  gradients,
  Input,
  mul,
  sum,
  type Tensor,
  type Variable,
} from '../tensor/index.ts';
import type { LayerNorms } from '../train/progress.ts';
import { singleLabel, type Task } from '../train/task.ts';

/** Images to measure on, at most; how many of them at once, and how often. */
const IMAGES = 64;
const MOST_AT_ONCE = 16;
const MOST_BATCHES = 4;

/** Squares of vanishing gradients are below float32's smallest numbers: they are computed of gradients raised by this, too. */
const RAISE = 2 ** 50;

export interface NormProbeOptions {
  readonly device: Device;
  /** It is left in the mode that it is in. */
  readonly model: Module;
  /** Full batches of the images to measure on, without random order and transforms: see probeSample. */
  readonly loader: BatchLoader;
  /** One class an image by default. The loss is the one that evaluations report. */
  readonly task?: Task;
}

/** Compiles when it first measures; for many measurements of one model. */
export class NormProbe {
  readonly #options: NormProbeOptions;
  #compiled: Compiled | undefined;

  constructor(options: NormProbeOptions) {
    this.#options = options;
  }

  /** Means over the loader's batches; five digits of each number. */
  async measure(): Promise<LayerNorms> {
    const { loader, task = singleLabel() } = this.#options;
    this.#compiled ??= await this.#compile(task);
    const { program, layers, activations } = this.#compiled;
    const gradients = layers.map(() => 0);
    const weights = layers.map(() => 0);
    const channels = activations.map((size) => Array.from({ length: size.channels }, () => new ChannelSums()));
    let batches = 0;
    for await (const batch of loader.epoch(0)) {
      const outputs: Readonly<Record<string, Values>> = await program.run(feedsOf(batch, task, loader));
      batches++;
      layers.forEach((_, i) => {
        gradients[i] += lengthOf(outputs[`gradient.${i}`][0], outputs[`raised.${i}`][0]);
        weights[i] = Math.sqrt(outputs[`weight.${i}`][0]);
      });
      channels.forEach((own, i) => {
        own.forEach((sums, c) => {
          sums.add(outputs[`mean.${i}`][c], outputs[`variance.${i}`][c]);
        });
      });
    }
    const of = (measure: (sums: readonly ChannelSums[]) => number) => channels.map((own) => short(measure(own)));
    return {
      layers,
      gradients: gradients.map((total) => short(total / batches)),
      weights: weights.map(short),
      activations: {
        layers: activations.map(({ name }) => name),
        mean: of((own) => average(own, ({ mean }) => mean)),
        std: of((own) => {
          const mean = average(own, (sums) => sums.mean);
          return Math.sqrt(Math.max(0, average(own, ({ square }) => square) - mean * mean));
        }),
        dead: of((own) => average(own, ({ dead }) => (dead ? 1 : 0))),
      },
    };
  }

  async #compile(task: Task): Promise<Compiled> {
    const { device, model, loader } = this.#options;
    const { batchSize, imageShape, dataset } = loader;
    const { training } = model;
    const traced = trace(model.train(), new Input('images', [batchSize, ...imageShape]));
    model.train(training);
    // Running statistics and dropout's counter belong to the training.
    for (const { effects } of ancestors(traced.output)) effects.length = 0;

    const loss = task.evaluationLoss(traced.output, task.targets(batchSize, dataset.classes.length));
    const layers = traced.calls.flatMap((call) => weightOf(call) ?? []);
    const found = gradients(
      loss,
      layers.map(({ weight }) => weight),
    );
    const activations = traced.calls.filter(({ module }) => isActivation(module));
    const outputs: Record<string, Tensor> = {};
    layers.forEach(({ weight }, i) => {
      outputs[`weight.${i}`] = squares(weight);
      outputs[`gradient.${i}`] = squares(found[i]);
      outputs[`raised.${i}`] = squares(mul(found[i], constant(RAISE)));
    });
    activations.forEach(({ output }, i) => {
      outputs[`mean.${i}`] = channelMean(output);
      outputs[`variance.${i}`] = channelVariance(output);
    });
    return {
      program: await device.compile({ outputs }),
      layers: layers.map(({ name }) => name),
      activations: activations.map(({ name, output }) => ({ name, channels: output.shape[1] })),
    };
  }
}

/** What batches a probe of a training takes: full ones, at most a quarter of the training's, so that memory is no more. */
export function probeSample(
  images: number,
  batchSize: number,
): { readonly batchSize: number; readonly indices: readonly number[] } {
  const size = Math.min(images, Math.max(2, Math.min(MOST_AT_ONCE, Math.floor(batchSize / 4))));
  const count = size * Math.max(1, Math.min(Math.floor(images / size), Math.floor(IMAGES / size), MOST_BATCHES));
  // Evenly spread: data sets are often sorted by class.
  return { batchSize: size, indices: Array.from({ length: count }, (_, i) => Math.floor((i * images) / count)) };
}

interface Compiled {
  readonly program: Program;
  readonly layers: readonly string[];
  readonly activations: readonly { readonly name: string; readonly channels: number }[];
}

/** Of one channel over the batches. */
class ChannelSums {
  #count = 0;
  #mean = 0;
  #square = 0;
  dead = true;

  add(mean: number, variance: number): void {
    this.#count++;
    this.#mean += mean;
    this.#square += variance + mean * mean;
    this.dead &&= variance === 0;
  }

  get mean(): number {
    return this.#mean / this.#count;
  }

  get square(): number {
    return this.#square / this.#count;
  }
}

const squares = (x: Tensor): Tensor => sum(mul(x, x));

/** @param square of the gradient @param raised of the gradient, raised */
function lengthOf(square: number, raised: number): number {
  return Number.isFinite(raised) ? Math.sqrt(raised) / RAISE : Math.sqrt(square);
}

/** The weight of a convolution or linear layer. */
function weightOf({ name, module }: ModuleCall): { readonly name: string; readonly weight: Variable } | undefined {
  if (module.namedChildren().size > 0) return undefined;
  const weight = module.namedParameters().get('weight');
  return weight !== undefined && weight.rank > 1 ? { name, weight } : undefined;
}

function feedsOf(batch: Batch, task: Task, { dataset }: BatchLoader) {
  return { images: batch.images, targets: task.targetsOf(batch, dataset.classes.length) };
}

function average(own: readonly ChannelSums[], measure: (sums: ChannelSums) => number): number {
  return own.reduce((total, sums) => total + measure(sums), 0) / own.length;
}

const short = (value: number): number => Number(value.toPrecision(5));
