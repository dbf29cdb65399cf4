// The fully connected layer.

import { linear, type Tensor, type Variable } from '../tensor/index.ts';
import type { RandomStream } from '../tensor/random.ts';
import { defaultBias, kaimingUniform, parameter } from './initialisers.ts';
import { Module } from './module.ts';

export interface LinearOptions {
  /** true by default. */
  readonly bias?: boolean;
  /** Where the first weights come from. */
  readonly random: RandomStream;
}

/** x W^T + b: [N, inFeatures] -> [N, outFeatures]. PyTorch: nn.Linear. */
export class Linear extends Module {
  /** [outFeatures, inFeatures] */
  readonly weight: Variable;
  /** [outFeatures] */
  readonly bias: Variable | undefined;

  constructor(inFeatures: number, outFeatures: number, { bias = true, random }: LinearOptions) {
    super();
    const shape = [outFeatures, inFeatures];
    this.weight = parameter(shape, kaimingUniform, random);
    this.bias = bias ? parameter([outFeatures], defaultBias(shape), random) : undefined;
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}
