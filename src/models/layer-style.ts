// What all layers of a network have in common, and the two layers that every block is made of.

import { type ActivationName, BatchNorm2d, Conv2d, Identity, type Initialiser, type Module } from '../nn/index.ts';
import type { RandomStream } from '../tensor/random.ts';

export interface LayerStyle {
  /** relu by default. */
  readonly activation?: ActivationName;
  /** Batch norm with every convolution, true by default; without it convolutions have biases. */
  readonly normalise?: boolean;
  /** First weights of convolutions; PyTorch's default unless given. */
  readonly initialise?: Initialiser;
  readonly random: RandomStream;
}

/** A convolution that keeps H and W at stride 1; without a bias where there are norms. */
export function convolution(
  inChannels: number,
  outChannels: number,
  { kernelSize, stride = 1, groups = 1 }: { kernelSize: number; stride?: number; groups?: number },
  { normalise = true, initialise, random }: LayerStyle,
): Conv2d {
  const padding = (kernelSize - 1) / 2;
  return new Conv2d(inChannels, outChannels, {
    kernelSize,
    stride,
    padding,
    groups,
    bias: !normalise,
    initialise,
    random,
  });
}

/**
 * Batch norm, or nothing where the network goes without.
 *
 * @param options.zero its scale begins at 0 instead of 1
 */
export function normalisation(channels: number, { normalise = true }: LayerStyle, { zero = false } = {}): Module {
  if (!normalise) return new Identity();
  const norm = new BatchNorm2d(channels);
  if (zero) norm.weight.value.fill(0);
  return norm;
}
