// What a network needs to know of a block: a class is data here, as in torchvision's ResNet(Bottleneck, [3, 4, 6, 3]).

import type { Module } from '../nn/index.ts';
import type { LayerStyle } from './layer-style.ts';
import type { Shortcut } from './shortcut.ts';

export interface BlockOptions extends LayerStyle {
  /** Of the block's first 3x3 convolution and of its shortcut; 1 by default. */
  readonly stride?: number;
  /** identity by default. */
  readonly shortcut?: Shortcut;
  /** Whether it is the first of its stage, false by default; only pre-activation blocks differ there. */
  readonly first?: boolean;
  /** The last norm's scale begins at 0, and the block as its shortcut (Goyal et al. 2017, sec. 5.1); false by default. */
  readonly zeroInitResidual?: boolean;
  /** Groups of a bottleneck's 3x3 convolution (ResNeXt's cardinality); 1 by default. */
  readonly groups?: number;
  /** Channels of each group where the block's width is 64, in proportion elsewhere; 64 by default. */
  readonly widthPerGroup?: number;
}

/** Its instances: [N, inChannels, H, W] -> [N, width * expansion, H / stride, W / stride]. */
export interface BlockClass {
  /** Output channels for one of width. */
  readonly expansion: number;
  /** Whether norm and activation come before each convolution, so that the network has to end with its own. */
  readonly preActivation: boolean;
  new (inChannels: number, width: number, options: BlockOptions): Module;
}
