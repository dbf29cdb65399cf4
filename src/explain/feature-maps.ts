// Feature maps: what layers put out for one image, in evaluation mode. A channel is a picture of where its pattern was found.

import type { FloatImage } from '../data/image.ts';
import type { Device, Program } from '../devices/device.ts';
import type { Module } from '../nn/index.ts';
import { Input, type Shape } from '../tensor/index.ts';
import { callOf, type LayerOutput, traceEvaluation } from './layers.ts';

export interface FeatureMapsOptions {
  readonly device: Device;
  /** Its mode (training or evaluation) is left as it is. */
  readonly model: Module;
  /** Names that layerOutputs() lists. All are computed in one run. */
  readonly layers: readonly string[];
}

/** What one layer puts out for an image. */
export interface FeatureMap extends Pick<LayerOutput, 'name' | 'kind'> {
  readonly channels: number;
  /** 1 behind the pooling, and so is the width. */
  readonly height: number;
  readonly width: number;
  /** channels * height * width values; the column runs fastest. */
  readonly data: Float32Array;
}

/** Compiles once a size of images; for many images with one model. */
export class FeatureMaps {
  readonly #options: FeatureMapsOptions;
  readonly #programs = new Map<string, Compiled>();

  constructor(options: FeatureMapsOptions) {
    this.#options = options;
  }

  /**
   * @param image ready for the network (normalised as in training)
   * @returns one a layer, in the order asked for
   * @throws UsageError for a layer that the model doesn't have
   */
  async run({ channels, height, width, data }: FloatImage): Promise<FeatureMap[]> {
    const shape = [1, channels, height, width];
    const { program, layers } = this.#programs.get(shape.join()) ?? (await this.#compile(shape));
    const outputs = await program.run({ images: data });
    return layers.map(({ name, kind, shape: [, channels, height = 1, width = 1] }) => {
      return { name, kind, channels, height, width, data: Float32Array.from(outputs[name]) };
    });
  }

  async #compile(shape: Shape): Promise<Compiled> {
    const { device, model } = this.#options;
    const traced = traceEvaluation(model, new Input('images', shape));
    const calls = this.#options.layers.map((name) => callOf(traced, name));
    const outputs = Object.fromEntries(calls.map(({ name, output }) => [name, output]));
    const compiled = {
      program: await device.compile({ outputs }),
      layers: calls.map(({ name, module, output }) => ({ name, kind: module.constructor.name, shape: output.shape })),
    };
    this.#programs.set(shape.join(), compiled);
    return compiled;
  }
}

/** Of one image. For several with one model, FeatureMaps compiles only once. */
export function featureMaps({
  image,
  ...options
}: FeatureMapsOptions & { readonly image: FloatImage }): Promise<FeatureMap[]> {
  return new FeatureMaps(options).run(image);
}

interface Compiled {
  readonly program: Program;
  readonly layers: readonly LayerOutput[];
}
