// Grad-CAM (Selvaraju et al. 2017): where in an image a network sees what speaks for a class. A convolutional layer's maps A^k
// still lie over the image; each is weighted by how much the class's logit y^c grows with it, on average over its pixels:
//
//   alpha_k = 1/Z sum_ij dy^c / dA^k_ij        (eq. 1)
//   L       = ReLU( sum_k alpha_k A^k )        (eq. 2)
//
// Both are nodes of the graph, so one program gives logits and map. Which class is known before it runs, or after it has once.

import type { FloatImage } from '../data/image.ts';
import type { Device, Program, Values } from '../devices/device.ts';
import { UsageError } from '../errors.ts';
import type { Module, Trace } from '../nn/index.ts';
import { broadcastTo, gradients, Input, mean, mul, relu, type Shape, sum } from '../tensor/index.ts';
import { argmax } from '../train/metrics/ranking.ts';
import { callOf, traceEvaluation } from './layers.ts';

export interface GradCamOptions {
  readonly device: Device;
  /** Its mode (training or evaluation) is left as it is; the map is of the evaluation. */
  readonly model: Module;
  /** A module whose output is [N, C, H, W]; by default the last one with more than one pixel: a ResNet's last stage. */
  readonly layer?: string;
}

/** A map over the image, row by row; 0 where nothing speaks for the class. */
export interface HeatMap {
  readonly height: number;
  readonly width: number;
  /** height * width values of at least 0, not scaled. */
  readonly data: Float32Array;
}

export interface GradCamResult extends HeatMap {
  readonly layer: string;
  /** The output explained. */
  readonly target: number;
  /** All outputs for the image. */
  readonly logits: Float32Array;
}

/** Compiles once a size of images; for many images with one model. */
export class GradCam {
  readonly #options: GradCamOptions;
  readonly #programs = new Map<string, Compiled>();

  constructor(options: GradCamOptions) {
    this.#options = options;
  }

  /**
   * @param image ready for the network (normalised as in training)
   * @param options.target the output to explain; by default the one with the largest logit
   * @returns a map of the layer's size: enlargeHeatMap() brings it to the image's
   * @throws UsageError for a layer or a target that the model doesn't have
   */
  async explain(image: FloatImage, { target }: { readonly target?: number } = {}): Promise<GradCamResult> {
    const { channels, height, width, data } = image;
    const shape = [1, channels, height, width];
    const { program, layer, map, outputs } = this.#programs.get(shape.join()) ?? (await this.#compile(shape));
    if (target !== undefined && !(Number.isInteger(target) && target >= 0 && target < outputs)) {
      throw new UsageError(`the target must be one of the model's outputs, 0 to ${outputs - 1}, found ${target}`);
    }
    const run = async (chosen: number) => {
      const choice = new Float32Array(outputs);
      choice[chosen] = 1;
      return (await program.run({ images: data, choice })) as Readonly<Record<'logits' | 'map', Values>>;
    };
    const chosen = target ?? argmax((await run(0)).logits, 0, outputs);
    const result = await run(chosen);
    const logits = Float32Array.from(result.logits);
    return { layer, target: chosen, logits, height: map[1], width: map[2], data: Float32Array.from(result.map) };
  }

  async #compile(shape: Shape): Promise<Compiled> {
    const { device, model } = this.#options;
    const traced = traceEvaluation(model, new Input('images', shape));
    const layer = this.#options.layer ?? lastMaps(traced);
    const activations = callOf(traced, layer).output;
    const logits = traced.output;
    if (activations.rank !== 4 || logits.rank !== 2) {
      const found = activations.rank === 4 ? logits.shape : activations.shape;
      const wanted = activations.rank === 4 ? 'logits [N, classes]' : `maps [N, C, H, W] of ${layer}`;
      throw new UsageError(`Grad-CAM needs ${wanted}, found [${found.join(', ')}]`);
    }
    const choice = new Input('choice', logits.shape);
    const [gradient] = gradients(logits, [activations], choice);
    const weights = broadcastTo(mean(gradient, { axes: [2, 3], keepDims: true }), activations.shape);
    const map = relu(sum(mul(weights, activations), { axes: [1] }));
    const program = await device.compile({ outputs: { logits, map } });
    const compiled = { program, layer, map: map.shape, outputs: logits.shape[1] };
    this.#programs.set(shape.join(), compiled);
    return compiled;
  }
}

/** One map. For several with one model, a GradCam compiles only once. */
export function gradCam({
  image,
  target,
  ...options
}: GradCamOptions & { readonly image: FloatImage; readonly target?: number }): Promise<GradCamResult> {
  return new GradCam(options).explain(image, { target });
}

interface Compiled {
  readonly program: Program;
  readonly layer: string;
  /** [1, H, W] */
  readonly map: Shape;
  readonly outputs: number;
}

function lastMaps({ calls }: Trace): string {
  const maps = calls.filter(({ name, output }) => name !== '' && output.rank === 4);
  const wide = maps.findLast(({ output: { shape } }) => shape[2] * shape[3] > 1);
  const last = wide ?? maps.at(-1);
  if (last) return last.name;
  throw new UsageError('Grad-CAM needs a layer that puts out maps [N, C, H, W]: this model has none');
}

/**
 * The map over an image of that size: bilinear, as the paper's. PyTorch: interpolate(mode='bilinear', align_corners=False).
 *
 * @returns height * width values
 */
export function enlargeHeatMap(map: HeatMap, height: number, width: number): HeatMap {
  const data = new Float32Array(height * width);
  const rows = places(map.height, height);
  const columns = places(map.width, width);
  rows.forEach(([top, bottom, down], y) => {
    columns.forEach(([left, right, along], x) => {
      const at = (row: number, column: number) => map.data[row * map.width + column];
      const upper = at(top, left) * (1 - along) + at(top, right) * along;
      const lower = at(bottom, left) * (1 - along) + at(bottom, right) * along;
      data[y * width + x] = upper * (1 - down) + lower * down;
    });
  });
  return { height, width, data };
}

/** For each of `count` pixels over `size`: the two that it lies between, and its way from the first to the second. */
function places(size: number, count: number): (readonly [number, number, number])[] {
  return Array.from({ length: count }, (_, i) => {
    const place = Math.max(0, ((i + 0.5) * size) / count - 0.5);
    const first = Math.min(size - 1, Math.floor(place));
    return [first, Math.min(size - 1, first + 1), place - first];
  });
}
