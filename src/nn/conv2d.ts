// The convolution layer: a weight, perhaps a bias, and how the window moves.

import { ResiduaError } from '../errors.ts';
import { conv2d, type Pair, type Tensor, type Variable } from '../tensor/index.ts';
import type { RandomStream } from '../tensor/random.ts';
import { toPair } from '../tensor/shape.ts';
import { defaultBias, type Initialiser, kaimingUniform, parameter } from './initialisers.ts';
import { Module } from './module.ts';

export interface Conv2dLayerOptions {
  readonly kernelSize: Pair;
  /** 1 by default. */
  readonly stride?: Pair;
  /** Zeros on each side, 0 by default. */
  readonly padding?: Pair;
  /** Parts of the channels that don't see each other, 1 by default. */
  readonly groups?: number;
  /** true by default; superfluous before a batch norm. */
  readonly bias?: boolean;
  /** Where the first weights come from. */
  readonly random: RandomStream;
  /** Fills the weight; PyTorch's default is kaimingUniform. */
  readonly initialise?: Initialiser;
}

/** [N, inChannels, H, W] -> [N, outChannels, H', W']. PyTorch: nn.Conv2d. */
export class Conv2d extends Module {
  /** [outChannels, inChannels / groups, kernelHeight, kernelWidth] */
  readonly weight: Variable;
  /** [outChannels] */
  readonly bias: Variable | undefined;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly groups: number;

  constructor(inChannels: number, outChannels: number, options: Conv2dLayerOptions) {
    super();
    const { kernelSize, stride = 1, padding = 0, groups = 1, bias = true } = options;
    const { random, initialise = kaimingUniform } = options;
    if (!Number.isInteger(groups) || groups < 1 || inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ResiduaError(`${inChannels} -> ${outChannels} channels can't be dealt out to ${groups} groups`, {
        hint: 'Both numbers of channels must be multiples of the groups.',
      });
    }
    const shape = [outChannels, inChannels / groups, ...toPair(kernelSize)];
    this.weight = parameter(shape, initialise, random);
    this.bias = bias ? parameter([outChannels], defaultBias(shape), random) : undefined;
    this.stride = stride;
    this.padding = padding;
    this.groups = groups;
  }

  override forward(x: Tensor): Tensor {
    const { bias, stride, padding, groups } = this;
    return conv2d(x, this.weight, { bias, stride, padding, groups });
  }
}
