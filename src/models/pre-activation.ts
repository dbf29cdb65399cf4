// Blocks with norm and activation before each convolution (He et al. 2016, "Identity mappings", fig. 1b and 4e). Nothing
// changes what comes through the identity shortcuts, from the first block to the last:
//
//   x -- BN - act - conv - BN - act - conv -- (+) -->
//    \______________ shortcut _______________/
//
// The first block of a stage activates before the two ways part, and so does one whose shortcut has layers: these then
// begin behind the activation, and need no norm of their own (the paper's appendix and its authors' code).

import { createActivation, Module } from '../nn/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { BlockOptions } from './block.ts';
import { innerWidth } from './bottleneck.ts';
import { convolution, normalisation } from './layer-style.ts';
import { addShortcut, createShortcut, type Shortcut } from './shortcut.ts';

/** Two 3x3 convolutions: [N, inChannels, H, W] -> [N, width, H / stride, W / stride]. */
export class PreActivationBlock extends Module {
  static readonly expansion = 1;
  static readonly preActivation = true;

  readonly bn1: Module;
  readonly activation1: Module;
  readonly conv1: Module;
  readonly bn2: Module;
  readonly activation2: Module;
  readonly conv2: Module;
  /** undefined for identity and none. */
  readonly downsample: Module | undefined;
  readonly shortcut: Shortcut;
  /** Whether the shortcut begins behind the first activation. */
  readonly sharesActivation: boolean;

  constructor(inChannels: number, width: number, options: BlockOptions) {
    super();
    const { stride = 1, shortcut = 'identity', activation = 'relu', first = false } = options;
    this.bn1 = normalisation(inChannels, options);
    this.activation1 = createActivation(activation);
    this.conv1 = convolution(inChannels, width, { kernelSize: 3, stride }, options);
    this.bn2 = normalisation(width, options);
    this.activation2 = createActivation(activation);
    this.conv2 = convolution(width, width, { kernelSize: 3 }, options);
    this.shortcut = shortcut;
    const shape = { inChannels, outChannels: width, stride };
    this.downsample = createShortcut(shortcut, shape, options, { norm: false });
    this.sharesActivation = first || this.downsample !== undefined;
  }

  override forward(x: Tensor): Tensor {
    const active = this.activation1.forward(this.bn1.forward(x));
    const hidden = this.activation2.forward(this.bn2.forward(this.conv1.forward(active)));
    const residual = this.conv2.forward(hidden);
    return addShortcut(this, residual, this.sharesActivation ? active : x);
  }
}

/** 1x1, 3x3 and 1x1 convolutions: [N, inChannels, H, W] -> [N, 4 width, H / stride, W / stride]. */
export class PreActivationBottleneck extends Module {
  static readonly expansion = 4;
  static readonly preActivation = true;

  readonly bn1: Module;
  readonly activation1: Module;
  readonly conv1: Module;
  readonly bn2: Module;
  readonly activation2: Module;
  readonly conv2: Module;
  readonly bn3: Module;
  readonly activation3: Module;
  readonly conv3: Module;
  /** undefined for identity and none. */
  readonly downsample: Module | undefined;
  readonly shortcut: Shortcut;
  /** Whether the shortcut begins behind the first activation. */
  readonly sharesActivation: boolean;

  constructor(inChannels: number, width: number, options: BlockOptions) {
    super();
    const { stride = 1, shortcut = 'identity', activation = 'relu', first = false, groups } = options;
    const inner = innerWidth(width, options);
    const outChannels = width * PreActivationBottleneck.expansion;
    this.bn1 = normalisation(inChannels, options);
    this.activation1 = createActivation(activation);
    this.conv1 = convolution(inChannels, inner, { kernelSize: 1 }, options);
    this.bn2 = normalisation(inner, options);
    this.activation2 = createActivation(activation);
    this.conv2 = convolution(inner, inner, { kernelSize: 3, stride, groups }, options);
    this.bn3 = normalisation(inner, options);
    this.activation3 = createActivation(activation);
    this.conv3 = convolution(inner, outChannels, { kernelSize: 1 }, options);
    this.shortcut = shortcut;
    this.downsample = createShortcut(shortcut, { inChannels, outChannels, stride }, options, { norm: false });
    this.sharesActivation = first || this.downsample !== undefined;
  }

  override forward(x: Tensor): Tensor {
    const active = this.activation1.forward(this.bn1.forward(x));
    const reduced = this.activation2.forward(this.bn2.forward(this.conv1.forward(active)));
    const hidden = this.activation3.forward(this.bn3.forward(this.conv2.forward(reduced)));
    const residual = this.conv3.forward(hidden);
    return addShortcut(this, residual, this.sharesActivation ? active : x);
  }
}
