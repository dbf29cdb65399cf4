// Batch normalisation as a layer (Ioffe & Szegedy 2015): in training it normalises with the batch's own statistics and
// keeps running ones; in evaluation it uses those. The running statistics change as an effect of the training forward:
// a program that computes the result also updates them, once a run.

import {
  add,
  assign,
  batchNorm,
  channelMean,
  channelVariance,
  constant,
  mul,
  reshape,
  ShapeError,
  type Tensor,
  Variable,
} from '../tensor/index.ts';
import { Module } from './module.ts';

export interface BatchNormOptions {
  /** Added to the variance. PyTorch's default: 1e-5. */
  readonly eps?: number;
  /** The batch's share in the new running statistics. PyTorch's default: 0.1. */
  readonly momentum?: number;
}

abstract class BatchNorm extends Module {
  protected override readonly stateNames = {
    runningMean: 'running_mean',
    runningVariance: 'running_var',
    batchesTracked: 'num_batches_tracked',
  };

  /** The scale gamma, [channels], ones at first. */
  readonly weight: Variable;
  /** The shift beta, [channels], zeros at first. */
  readonly bias: Variable;
  /** [channels] */
  readonly runningMean: Variable;
  /** [channels]; takes the unbiased variance of each batch, as PyTorch's. */
  readonly runningVariance: Variable;
  /** int32 scalar: training steps so far. */
  readonly batchesTracked: Variable;
  readonly eps: number;
  readonly momentum: number;

  constructor(channels: number, { eps = 1e-5, momentum = 0.1 }: BatchNormOptions = {}) {
    super();
    const ones = () => new Float32Array(channels).fill(1);
    this.weight = new Variable([channels], ones(), { trainable: true });
    this.bias = new Variable([channels], new Float32Array(channels), { trainable: true });
    this.runningMean = new Variable([channels], new Float32Array(channels));
    this.runningVariance = new Variable([channels], ones());
    this.batchesTracked = new Variable([], new Int32Array(1), { dtype: 'int32' });
    this.eps = eps;
    this.momentum = momentum;
  }

  protected normalise(x: Tensor): Tensor {
    if (!this.training) {
      return batchNorm(x, { mean: this.runningMean, variance: this.runningVariance }, this, this.eps);
    }
    const count = x.size / x.shape[1];
    if (count < 2) {
      const rule = 'training needs more than one value a channel: their variance would be 0';
      throw new ShapeError('batch norm', [x.shape], rule, 'Use a larger batch, or eval mode.');
    }
    const mean = channelMean(x);
    const variance = channelVariance(x);
    const y = batchNorm(x, { mean, variance }, this, this.eps);
    y.effects.push(
      this.#track(this.runningMean, mean, this.momentum),
      this.#track(this.runningVariance, variance, (this.momentum * count) / (count - 1)),
      assign(this.batchesTracked, add(this.batchesTracked, constant(1, { integer: true }))),
    );
    return y;
  }

  /** running = (1 - momentum) running + share batch */
  #track(running: Variable, batch: Tensor, share: number) {
    const kept = mul(running, constant(1 - this.momentum));
    return assign(running, add(kept, mul(reshape(batch, running.shape), constant(share))));
  }
}

/** Over N, H and W: [N, C, H, W] -> the same. PyTorch: nn.BatchNorm2d. */
export class BatchNorm2d extends BatchNorm {
  override forward(x: Tensor): Tensor {
    if (x.rank !== 4) throw new ShapeError('BatchNorm2d', [x.shape], 'the input must be [N, C, H, W]');
    return this.normalise(x);
  }
}

/** Over N: [N, C] -> the same. PyTorch: nn.BatchNorm1d. */
export class BatchNorm1d extends BatchNorm {
  override forward(x: Tensor): Tensor {
    if (x.rank !== 2) throw new ShapeError('BatchNorm1d', [x.shape], 'the input must be [N, C]');
    return this.normalise(x);
  }
}
