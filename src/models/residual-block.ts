// The basic block of residual networks (He et al. 2015, fig. 2), in the article's form:
//
//   x -- conv3x3 - BN - activation - conv3x3 - BN -- (+) -- activation -->
//    \_______________ shortcut ____________________/
//
// The block learns a correction to its shortcut instead of a whole new representation. Without the shortcut it is the
// same two layers of a plain network.

import {
  type ActivationName,
  BatchNorm2d,
  Conv2d,
  type Conv2dLayerOptions,
  createActivation,
  Identity,
  Module,
  Sequential,
} from '../nn/index.ts';
import { add, ShapeError, type Tensor } from '../tensor/index.ts';
import type { RandomStream } from '../tensor/random.ts';

/**
 * identity: x itself, where the shape stays the same.
 * 1x1: a strided 1x1 convolution and BN (He et al. 2015, option B; torchvision).
 * 3x3: a strided 3x3 convolution and BN (the article's code).
 * none: a plain block.
 */
export type Shortcut = 'identity' | '1x1' | '3x3' | 'none';

/** What all layers of a network have in common. */
export interface LayerStyle {
  /** relu by default. */
  readonly activation?: ActivationName;
  /** Batch norm after every convolution, true by default; without it convolutions have biases. */
  readonly normalise?: boolean;
  /** First weights of convolutions; PyTorch's default unless given. */
  readonly initialise?: Conv2dLayerOptions['initialise'];
  readonly random: RandomStream;
}

export interface ResidualBlockOptions extends LayerStyle {
  /** Of the first convolution and the shortcut; 1 by default. */
  readonly stride?: number;
  /** identity by default. */
  readonly shortcut?: Shortcut;
}

/** [N, inChannels, H, W] -> [N, outChannels, H / stride, W / stride]. */
export class ResidualBlock extends Module {
  readonly conv1: Module;
  readonly bn1: Module;
  readonly activation1: Module;
  readonly conv2: Module;
  readonly bn2: Module;
  readonly activation2: Module;
  /** Sequential of convolution and norm; undefined for identity and none. */
  readonly downsample: Module | undefined;
  readonly shortcut: Shortcut;

  constructor(inChannels: number, outChannels: number, options: ResidualBlockOptions) {
    super();
    const { stride = 1, shortcut = 'identity', activation = 'relu' } = options;
    if (shortcut === 'identity' && (stride !== 1 || inChannels !== outChannels)) {
      const rule = `an identity shortcut needs stride 1 and equal channels, found stride ${stride}`;
      throw new ShapeError('ResidualBlock', [[inChannels], [outChannels]], rule, "Use shortcut '1x1' or '3x3'.");
    }
    this.conv1 = convolution(inChannels, outChannels, 3, stride, options);
    this.bn1 = normalisation(outChannels, options);
    this.activation1 = createActivation(activation);
    this.conv2 = convolution(outChannels, outChannels, 3, 1, options);
    this.bn2 = normalisation(outChannels, options);
    this.activation2 = createActivation(activation);
    this.shortcut = shortcut;
    if (shortcut === '1x1' || shortcut === '3x3') {
      const kernelSize = shortcut === '1x1' ? 1 : 3;
      this.downsample = new Sequential(
        convolution(inChannels, outChannels, kernelSize, stride, options),
        normalisation(outChannels, options),
      );
    }
  }

  override forward(x: Tensor): Tensor {
    const hidden = this.activation1.forward(this.bn1.forward(this.conv1.forward(x)));
    const residual = this.bn2.forward(this.conv2.forward(hidden));
    if (this.shortcut === 'none') return this.activation2.forward(residual);
    const shortcut = this.downsample ? this.downsample.forward(x) : x;
    return this.activation2.forward(add(residual, shortcut));
  }
}

/** A convolution that keeps H and W at stride 1; without a bias where a norm's follows. */
export function convolution(
  inChannels: number,
  outChannels: number,
  kernelSize: number,
  stride: number,
  { normalise = true, initialise, random }: LayerStyle,
): Conv2d {
  const padding = (kernelSize - 1) / 2;
  return new Conv2d(inChannels, outChannels, { kernelSize, stride, padding, bias: !normalise, initialise, random });
}

/** Batch norm, or nothing where the network goes without. */
export function normalisation(channels: number, { normalise = true }: LayerStyle): Module {
  return normalise ? new BatchNorm2d(channels) : new Identity();
}
