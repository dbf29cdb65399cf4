// The basic block of residual networks (He et al. 2015, fig. 2), torchvision's BasicBlock and the article's ResidualBlock:
//
//   x -- conv3x3 - BN - activation - conv3x3 - BN -- (+) -- activation -->
//    \_______________ shortcut ____________________/
//
// The block learns a correction to its shortcut instead of a whole new representation. Without the shortcut it is the
// same two layers of a plain network.

import { createActivation, Module } from '../nn/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { BlockOptions } from './block.ts';
import { convolution, normalisation } from './layer-style.ts';
import { addShortcut, createShortcut, type Shortcut } from './shortcut.ts';

/** [N, inChannels, H, W] -> [N, width, H / stride, W / stride]. */
export class ResidualBlock extends Module {
  static readonly expansion = 1;
  static readonly preActivation = false;

  readonly conv1: Module;
  readonly bn1: Module;
  readonly activation1: Module;
  readonly conv2: Module;
  readonly bn2: Module;
  readonly activation2: Module;
  /** undefined for identity and none. */
  readonly downsample: Module | undefined;
  readonly shortcut: Shortcut;

  constructor(inChannels: number, width: number, options: BlockOptions) {
    super();
    const { stride = 1, shortcut = 'identity', activation = 'relu', zeroInitResidual = false } = options;
    this.conv1 = convolution(inChannels, width, { kernelSize: 3, stride }, options);
    this.bn1 = normalisation(width, options);
    this.activation1 = createActivation(activation);
    this.conv2 = convolution(width, width, { kernelSize: 3 }, options);
    this.bn2 = normalisation(width, options, { zero: zeroInitResidual });
    this.activation2 = createActivation(activation);
    this.shortcut = shortcut;
    this.downsample = createShortcut(shortcut, { inChannels, outChannels: width, stride }, options);
  }

  override forward(x: Tensor): Tensor {
    const hidden = this.activation1.forward(this.bn1.forward(this.conv1.forward(x)));
    const residual = this.bn2.forward(this.conv2.forward(hidden));
    return this.activation2.forward(addShortcut(this, residual, x));
  }
}
