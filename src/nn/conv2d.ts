// The convolution layer: a weight, perhaps a bias, and how the window moves.

import { conv2d, type Pair, type Shape, type Tensor, Variable } from '../tensor/index.ts';
import type { RandomStream } from '../tensor/random.ts';
import { toPair } from '../tensor/shape.ts';
import { defaultBias, kaimingUniform } from './initialisers.ts';
import { Module } from './module.ts';

export interface Conv2dLayerOptions {
  readonly kernelSize: Pair;
  /** 1 by default. */
  readonly stride?: Pair;
  /** Zeros on each side, 0 by default. */
  readonly padding?: Pair;
  /** true by default; superfluous before a batch norm. */
  readonly bias?: boolean;
  /** Where the first weights come from. */
  readonly random: RandomStream;
  /** Fills the weight; PyTorch's default is kaimingUniform. */
  readonly initialise?: (shape: Shape, random: RandomStream) => Float32Array;
}

/** [N, inChannels, H, W] -> [N, outChannels, H', W']. PyTorch: nn.Conv2d. */
export class Conv2d extends Module {
  /** [outChannels, inChannels, kernelHeight, kernelWidth] */
  readonly weight: Variable;
  /** [outChannels] */
  readonly bias: Variable | undefined;
  readonly stride: Pair;
  readonly padding: Pair;

  constructor(inChannels: number, outChannels: number, options: Conv2dLayerOptions) {
    super();
    const { kernelSize, stride = 1, padding = 0, bias = true, random, initialise = kaimingUniform } = options;
    const shape = [outChannels, inChannels, ...toPair(kernelSize)];
    this.weight = new Variable(shape, initialise(shape, random), { trainable: true });
    this.bias = bias ? new Variable([outChannels], defaultBias(shape, random), { trainable: true }) : undefined;
    this.stride = stride;
    this.padding = padding;
  }

  override forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, { bias: this.bias, stride: this.stride, padding: this.padding });
  }
}
