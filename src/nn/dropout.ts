// Dropout as a layer (Srivastava et al. 2014): active in training, the identity in evaluation. Its step counter goes up as
// an effect of the training forward, so each run draws another mask, and a checkpoint that keeps the counter repeats the
// same masks after a resume.

import { UsageError } from '../errors.ts';
import { add, assign, constant, dropout, type Tensor, Variable } from '../tensor/index.ts';
import type { RandomStream } from '../tensor/random.ts';
import { Module } from './module.ts';

/** Zeroes elements with probability p and scales the rest by 1 / (1 - p); any shape. PyTorch: nn.Dropout. */
export class Dropout extends Module {
  protected override readonly nonPersistent = ['step'];

  readonly probability: number;
  /** int32 scalar: training steps so far. */
  readonly step = new Variable([], new Int32Array(1), { dtype: 'int32' });
  readonly #key: readonly [number, number];

  /**
   * @param probability of zeroing an element, in [0, 1)
   * @param options.random gives the layer its key, which tells its masks from other layers'
   */
  constructor(probability: number, { random }: { random: RandomStream }) {
    super();
    if (!(probability >= 0 && probability < 1)) {
      throw new UsageError(`the dropout probability must be in [0, 1), found ${probability}`);
    }
    this.probability = probability;
    this.#key = [random.uint32(), random.uint32()];
  }

  override forward(x: Tensor): Tensor {
    if (!this.training || this.probability === 0) return x;
    const y = dropout(x, this.step, this.probability, this.#key);
    y.effects.push(assign(this.step, add(this.step, constant(1, { integer: true }))));
    return y;
  }
}
