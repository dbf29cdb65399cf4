// The bottleneck block of deeper networks (He et al. 2015, fig. 5): 1x1 convolutions reduce the channels for the 3x3 one and
// restore them.
//
//   x -- conv1x1 - BN - act - conv3x3 - BN - act - conv1x1 - BN -- (+) -- act -->
//    \______________________ shortcut ____________________________/
//
// As in torchvision (ResNet v1.5) the 3x3 convolution has the stride; in the paper the first 1x1 has it, which leaves three
// quarters of its input unread. With groups it is ResNeXt's block (Xie et al. 2017, fig. 3c), with more channels inside
// that of wide ResNets (Zagoruyko & Komodakis 2016).

import { createActivation, Module } from '../nn/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { BlockOptions } from './block.ts';
import { convolution, normalisation } from './layer-style.ts';
import { addShortcut, createShortcut, type Shortcut } from './shortcut.ts';

/** [N, inChannels, H, W] -> [N, 4 width, H / stride, W / stride]. */
export class Bottleneck extends Module {
  static readonly expansion = 4;
  static readonly preActivation = false;

  readonly conv1: Module;
  readonly bn1: Module;
  readonly activation1: Module;
  readonly conv2: Module;
  readonly bn2: Module;
  readonly activation2: Module;
  readonly conv3: Module;
  readonly bn3: Module;
  readonly activation3: Module;
  /** undefined for identity and none. */
  readonly downsample: Module | undefined;
  readonly shortcut: Shortcut;

  constructor(inChannels: number, width: number, options: BlockOptions) {
    super();
    const { stride = 1, shortcut = 'identity', activation = 'relu', zeroInitResidual = false } = options;
    const inner = innerWidth(width, options);
    const outChannels = width * Bottleneck.expansion;
    this.conv1 = convolution(inChannels, inner, { kernelSize: 1 }, options);
    this.bn1 = normalisation(inner, options);
    this.activation1 = createActivation(activation);
    this.conv2 = convolution(inner, inner, { kernelSize: 3, stride, groups: options.groups }, options);
    this.bn2 = normalisation(inner, options);
    this.activation2 = createActivation(activation);
    this.conv3 = convolution(inner, outChannels, { kernelSize: 1 }, options);
    this.bn3 = normalisation(outChannels, options, { zero: zeroInitResidual });
    this.activation3 = createActivation(activation);
    this.shortcut = shortcut;
    this.downsample = createShortcut(shortcut, { inChannels, outChannels, stride }, options);
  }

  override forward(x: Tensor): Tensor {
    const reduced = this.activation1.forward(this.bn1.forward(this.conv1.forward(x)));
    const hidden = this.activation2.forward(this.bn2.forward(this.conv2.forward(reduced)));
    const residual = this.bn3.forward(this.conv3.forward(hidden));
    return this.activation3.forward(addShortcut(this, residual, x));
  }
}

/** Channels of the 3x3 convolution: torchvision's int(width * base_width / 64) * groups. */
export function innerWidth(width: number, { groups = 1, widthPerGroup = 64 }: BlockOptions): number {
  return Math.floor((width * widthPerGroup) / 64) * groups;
}
