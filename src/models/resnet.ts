// Residual networks, from a block class, counts and a few words. With blocks [n, n, n] of two layers it is the 6n+2-layer
// network of He et al. 2015, sec. 4.2 (CIFAR-10); with a 7x7 stem and four stages torchvision's.
//
//   stem 3x3:  conv3x3 - BN - activation                         | stage | stage, half the size | ... | average of each map | linear
//   stem 7x7:  conv7x7 stride 2 - BN - activation - max pooling  | ...
//
// Pre-activation blocks begin with norm and activation, so such a network has them behind its last block, not in its stem
// (He et al. 2016, fig. 1b and appendix).

import {
  createActivation,
  Dropout,
  Flatten,
  GlobalAvgPool2d,
  Identity,
  Linear,
  MaxPool2d,
  Module,
  Sequential,
} from '../nn/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { BlockClass, BlockOptions } from './block.ts';
import { convolution, type LayerStyle, normalisation } from './layer-style.ts';
import { type ShortcutOption, shortcutOf } from './shortcut.ts';

/** What makes a network that network. */
export interface Architecture extends Pick<BlockOptions, 'groups' | 'widthPerGroup'> {
  readonly block: BlockClass;
  /** Blocks of each stage; three or four stages. All but the first halve the size. */
  readonly layers: readonly number[];
  /** Of each stage's blocks. A stage puts out width * expansion channels. */
  readonly widths: readonly number[];
  readonly stem: '3x3' | '7x7';
  /** B by default. */
  readonly shortcut?: ShortcutOption;
  /** false: the plain twin, the same layers without any shortcut. true by default. */
  readonly residual?: boolean;
}

export interface ResNetOptions extends LayerStyle, Pick<BlockOptions, 'zeroInitResidual'> {
  readonly inChannels: number;
  readonly classes: number;
  /** Probability of zeroing a feature before the linear layer; 0 by default. */
  readonly dropout?: number;
}

/** Images [N, inChannels, H, W] -> logits [N, classes]; any H and W. Names are torchvision's. */
export class ResNet extends Module {
  readonly conv1: Module;
  readonly bn1: Module | undefined;
  readonly activation: Module | undefined;
  readonly maxpool: Module | undefined;
  readonly layer1: Module;
  readonly layer2: Module;
  readonly layer3: Module;
  readonly layer4: Module | undefined;
  /** Norm and activation behind pre-activation blocks. */
  readonly bn: Module | undefined;
  readonly lastActivation: Module | undefined;
  readonly avgpool = new GlobalAvgPool2d();
  readonly flatten = new Flatten();
  readonly dropout: Module;
  readonly fc: Module;

  constructor(architecture: Architecture, options: ResNetOptions) {
    super();
    const { block, layers, widths, stem } = architecture;
    const { inChannels, classes, activation = 'relu', dropout = 0, random } = options;
    const window = stem === '7x7' ? { kernelSize: 7, stride: 2 } : { kernelSize: 3 };
    this.conv1 = convolution(inChannels, widths[0], window, options);
    if (!block.preActivation) {
      this.bn1 = normalisation(widths[0], options);
      this.activation = createActivation(activation);
    }
    if (stem === '7x7') this.maxpool = new MaxPool2d(3, { stride: 2, padding: 1 });

    let channels = widths[0];
    const stage = (i: number): Module => {
      const blocks = createStage(architecture, options, { index: i, inChannels: channels });
      channels = widths[i] * block.expansion;
      return blocks;
    };
    this.layer1 = stage(0);
    this.layer2 = stage(1);
    this.layer3 = stage(2);
    this.layer4 = layers.length > 3 ? stage(3) : undefined;

    if (block.preActivation) {
      this.bn = normalisation(channels, options);
      this.lastActivation = createActivation(activation);
    }
    this.dropout = dropout > 0 ? new Dropout(dropout, { random }) : new Identity();
    this.fc = new Linear(channels, classes, { random });
  }

  override forward(x: Tensor): Tensor {
    const { conv1, bn1, activation, maxpool, layer1, layer2, layer3, layer4, bn, lastActivation } = this;
    const body = [conv1, bn1, activation, maxpool, layer1, layer2, layer3, layer4, bn, lastActivation];
    const head = [this.avgpool, this.flatten, this.dropout, this.fc];
    return [...body, ...head].reduce((value, module) => module?.forward(value) ?? value, x);
  }
}

/** Blocks of one width; the first one changes the shape. */
function createStage(
  { block: Block, layers, widths, groups, widthPerGroup, shortcut = 'B', residual = true }: Architecture,
  options: ResNetOptions,
  { index, inChannels }: { index: number; inChannels: number },
): Module {
  const outChannels = widths[index] * Block.expansion;
  const blocks = Array.from({ length: layers[index] }, (_, i) => {
    const first = i === 0;
    const stride = first && index > 0 ? 2 : 1;
    const changes = first && (stride !== 1 || inChannels !== outChannels);
    const form = residual ? shortcutOf(shortcut, changes) : 'none';
    const blockOptions = { ...options, stride, shortcut: form, first, groups, widthPerGroup };
    return new Block(first ? inChannels : outChannels, widths[index], blockOptions);
  });
  return new Sequential(...blocks);
}
