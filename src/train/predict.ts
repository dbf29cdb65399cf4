// Prediction: what a model says about images whose class nobody has told it. The network's outputs become probabilities,
// and these a label (softmax) or any number of labels (sigmoids).

import type { FloatImage } from '../data/index.ts';
import type { Device, Program } from '../devices/device.ts';
import { OutOfMemoryError } from '../devices/out-of-memory.ts';
import { UsageError } from '../errors.ts';
import type { Module } from '../nn/index.ts';
import { exp } from '../tensor/elementary.ts';
import { Input } from '../tensor/index.ts';
import { checkOutputs } from './evaluate.ts';
import { softmaxProbability } from './metrics/calibration.ts';
import type { TaskName } from './task.ts';

/** Images at once. */
const LARGEST_BATCH = 64;

export interface LabelProbability {
  readonly label: string;
  /** 0 to 1. With one class an image they add up to 1; with several labels each stands for itself. */
  readonly probability: number;
}

/** Of one image. label and probability are those of its most probable class. */
export interface Prediction extends LabelProbability {
  /** The most probable classes, the first being `label`. */
  readonly top: readonly LabelProbability[];
  /** Multi-label: every label of more than 1/2, the most probable first; null otherwise. */
  readonly labels: readonly LabelProbability[] | null;
}

export interface PredictorOptions {
  readonly device: Device;
  readonly model: Module;
  /** Names of its outputs. */
  readonly classes: readonly string[];
  /** One class an image by default. */
  readonly task?: TaskName;
}

/** Compiles once a number of images; for many predictions with one model. */
export class Predictor {
  readonly #options: PredictorOptions;
  readonly #programs = new Map<string, Program>();

  constructor(options: PredictorOptions) {
    this.#options = options;
  }

  /**
   * @param images of one shape, ready for the network (normalised as in training)
   * @param top how many classes to name an image
   * @returns a prediction an image, in their order
   */
  async predict(images: readonly FloatImage[], { top = 5 }: { top?: number } = {}): Promise<Prediction[]> {
    const predictions: Prediction[] = [];
    let atOnce = LARGEST_BATCH;
    for (let start = 0; start < images.length; ) {
      const batch = images.slice(start, start + atOnce);
      try {
        predictions.push(...(await this.#predictBatch(batch, top)));
        start += batch.length;
      } catch (error) {
        // Large pictures: fewer at once. Nobody asked for so many.
        if (!(error instanceof OutOfMemoryError) || batch.length === 1) throw error;
        atOnce = Math.ceil(batch.length / 2);
      }
    }
    return predictions;
  }

  async #predictBatch(images: readonly FloatImage[], top: number): Promise<Prediction[]> {
    const [{ channels, height, width, data }] = images;
    const shape = [images.length, channels, height, width];
    const batch = new Float32Array(images.length * data.length);
    images.forEach((image, i) => {
      if (image.channels !== channels || image.height !== height || image.width !== width) {
        const found = `[${image.channels}, ${image.height}, ${image.width}]`;
        throw new UsageError(
          `images of one shape can be predicted at once: found [${shape.slice(1).join(', ')}] and ${found}`,
        );
      }
      batch.set(image.data, i * data.length);
    });
    const program = this.#programs.get(shape.join()) ?? (await this.#compile(shape));
    const { logits } = await program.run({ images: batch });
    return images.map((_, i) => this.#describe(logits, i, top));
  }

  #describe(logits: ArrayLike<number>, image: number, top: number): Prediction {
    const { classes, task } = this.#options;
    const start = image * classes.length;
    const multiLabel = task === 'multi-label';
    const sorted = classes
      .map((label, c): LabelProbability => {
        const sigmoid = () => 1 / (1 + exp(-logits[start + c]));
        return { label, probability: multiLabel ? sigmoid() : softmaxProbability(c, logits, start, classes.length) };
      })
      .sort((a, b) => b.probability - a.probability);
    return {
      ...sorted[0],
      top: sorted.slice(0, top),
      labels: multiLabel ? sorted.filter(({ probability }) => probability > 0.5) : null,
    };
  }

  async #compile(shape: readonly number[]): Promise<Program> {
    const { device, model, classes } = this.#options;
    const { training } = model;
    const logits = model.eval().forward(new Input('images', shape));
    model.train(training);
    checkOutputs(logits.shape, 'the list of names', classes.length);
    const program = await device.compile({ outputs: { logits } });
    this.#programs.set(shape.join(), program);
    return program;
  }
}
