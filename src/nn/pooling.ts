// Pooling layers. They own nothing but the shape of their window.

import { avgPool2d, globalAvgPool2d, maxPool2d, type Pair, type PoolOptions, type Tensor } from '../tensor/index.ts';
import { Module } from './module.ts';

abstract class WindowPool extends Module {
  readonly kernelSize: Pair;
  readonly options: PoolOptions;

  /** @param options stride (the kernel's size by default) and padding (0 by default) */
  constructor(kernelSize: Pair, options: PoolOptions = {}) {
    super();
    this.kernelSize = kernelSize;
    this.options = options;
  }
}

/** Maximum of each window: [N, C, H, W] -> [N, C, H', W']. PyTorch: nn.MaxPool2d. */
export class MaxPool2d extends WindowPool {
  override forward(x: Tensor): Tensor {
    return maxPool2d(x, this.kernelSize, this.options);
  }
}

/** Mean of each window: [N, C, H, W] -> [N, C, H', W']. PyTorch: nn.AvgPool2d. */
export class AvgPool2d extends WindowPool {
  override forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this.options);
  }
}

/** Mean of each map: [N, C, H, W] -> [N, C, 1, 1], whatever H and W. PyTorch: nn.AdaptiveAvgPool2d(1). */
export class GlobalAvgPool2d extends Module {
  override forward(x: Tensor): Tensor {
    return globalAvgPool2d(x);
  }
}
