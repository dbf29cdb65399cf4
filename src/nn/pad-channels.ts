// Zeros as further channels: the parameter-free way to a larger number of channels (He et al. 2015, option A).

import { padChannels, type Tensor } from '../tensor/index.ts';
import { Module } from './module.ts';

/** [N, C, H, W] -> [N, C + extra, H, W]. PyTorch: nn.ConstantPad3d((0, 0, 0, 0, 0, extra), 0). */
export class PadChannels extends Module {
  readonly extra: number;

  /** @param extra channels of zeros, behind those there are */
  constructor(extra: number) {
    super();
    this.extra = extra;
  }

  override forward(x: Tensor): Tensor {
    return padChannels(x, this.extra);
  }
}
