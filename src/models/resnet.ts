// The article's network, ResNet(ResidualBlock, [2, 2, 2]), and all that differ from it by an option. With layers [n, n, n]
// and 1x1 shortcuts it has the 6n+2 layers of He et al. 2015, sec. 4.2 (CIFAR-10).
//
//   conv3x3 - BN - activation | stage 1, stride 1 | stage 2, stride 2 | stage 3, stride 2 | average of each map | linear

import {
  createActivation,
  Dropout,
  Flatten,
  GlobalAvgPool2d,
  Identity,
  Linear,
  Module,
  Sequential,
} from '../nn/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { convolution, type LayerStyle, normalisation, ResidualBlock, type Shortcut } from './residual-block.ts';

export interface ResNetOptions extends LayerStyle {
  readonly inChannels: number;
  readonly classes: number;
  /** Blocks in each stage; [2, 2, 2] by default. */
  readonly layers?: readonly [number, number, number];
  /** Channels of each stage; [16, 32, 64] by default. */
  readonly widths?: readonly [number, number, number];
  /** Where a block changes the shape; 3x3 by default, as in the article's code. */
  readonly shortcut?: '1x1' | '3x3';
  /** false: the plain twin, the same layers without any shortcut. true by default. */
  readonly residual?: boolean;
  /** Probability of zeroing a feature before the linear layer; 0 by default. */
  readonly dropout?: number;
}

/** Images [N, inChannels, H, W] -> logits [N, classes]; any H and W. */
export class ResNet extends Module {
  readonly conv: Module;
  readonly bn: Module;
  readonly activation: Module;
  readonly layer1: Module;
  readonly layer2: Module;
  readonly layer3: Module;
  readonly pool = new GlobalAvgPool2d();
  readonly flatten = new Flatten();
  readonly dropout: Module;
  readonly fc: Module;

  constructor(options: ResNetOptions) {
    super();
    const { inChannels, classes, layers = [2, 2, 2], widths = [16, 32, 64], dropout = 0, random } = options;
    this.conv = convolution(inChannels, widths[0], 3, 1, options);
    this.bn = normalisation(widths[0], options);
    this.activation = createActivation(options.activation ?? 'relu');
    this.layer1 = stage(layers[0], widths[0], widths[0], 1, options);
    this.layer2 = stage(layers[1], widths[0], widths[1], 2, options);
    this.layer3 = stage(layers[2], widths[1], widths[2], 2, options);
    this.dropout = dropout > 0 ? new Dropout(dropout, { random }) : new Identity();
    this.fc = new Linear(widths[2], classes, { random });
  }

  override forward(x: Tensor): Tensor {
    const stem = this.activation.forward(this.bn.forward(this.conv.forward(x)));
    const features = this.layer3.forward(this.layer2.forward(this.layer1.forward(stem)));
    const pooled = this.flatten.forward(this.pool.forward(features));
    return this.fc.forward(this.dropout.forward(pooled));
  }
}

/** Blocks of one width; the first one changes the shape. */
function stage(
  blocks: number,
  inChannels: number,
  outChannels: number,
  stride: number,
  options: ResNetOptions,
): Module {
  const { residual = true, shortcut = '3x3' } = options;
  return new Sequential(
    ...Array.from({ length: blocks }, (_, i) => {
      const changes = i === 0 && (stride !== 1 || inChannels !== outChannels);
      const form: Shortcut = residual ? (changes ? shortcut : 'identity') : 'none';
      const blockOptions = { ...options, stride: i === 0 ? stride : 1, shortcut: form };
      return new ResidualBlock(i === 0 ? inChannels : outChannels, outChannels, blockOptions);
    }),
  );
}
