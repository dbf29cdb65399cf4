// Adam (Kingma & Ba 2014, algorithm 1) and AdamW (Loshchilov & Hutter 2017, algorithm 2), as torch.optim's. With the
// gradient g in step t:
//
//   m = beta1 m + (1 - beta1) g          v = beta2 v + (1 - beta2) g^2
//   p = p - learningRate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
//
// The two differ in weight decay: Adam adds weightDecay p to g, where the division by sqrt(v) then blunts it; AdamW
// shrinks p itself by 1 - learningRate weightDecay.

import { UsageError } from '../../errors.ts';
import type { Tensor, Variable } from '../../tensor/index.ts';
import { type Assignment, add, assign, constant, div, mul, sqrt, sub } from '../../tensor/index.ts';
import { power } from '../power.ts';
import { Optimizer, type ParameterGroup, type ResolvedGroup } from './optimizer.ts';

export interface AdamOptions {
  /** Decay of the moments' running means; [0.9, 0.999] by default. */
  readonly betas?: readonly [number, number];
  /** Keeps the divisor from 0; 1e-8 by default. */
  readonly eps?: number;
  /** 0 by default for Adam, 0.01 for AdamW. */
  readonly weightDecay?: number;
}

abstract class MomentOptimizer extends Optimizer {
  readonly #betas: readonly [number, number];
  readonly #eps: number;
  readonly #decoupled: boolean;

  constructor(
    parameters: readonly Variable[] | readonly ParameterGroup[],
    { betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 }: AdamOptions,
    decoupled: boolean,
  ) {
    super(parameters, weightDecay);
    if (betas.some((beta) => !(beta >= 0 && beta < 1))) {
      throw new UsageError(`both betas must be in [0, 1), found ${betas.join(' and ')}`);
    }
    this.#betas = betas;
    this.#eps = eps;
    this.#decoupled = decoupled;
  }

  protected override stateNames(): readonly string[] {
    return ['exp_avg', 'exp_avg_sq'];
  }

  protected override update(p: Variable, gradient: Tensor, group: ResolvedGroup, index: number): Assignment[] {
    const [beta1, beta2] = this.#betas;
    const decays = group.weightDecay !== 0;
    const g = decays && !this.#decoupled ? add(gradient, mul(p, constant(group.weightDecay))) : gradient;
    const kept = decays && this.#decoupled ? mul(p, this.scalar(group, 'kept')) : p;
    const mean = this.stateOf(p, index, 'exp_avg');
    const square = this.stateOf(p, index, 'exp_avg_sq');
    const m = add(mul(mean, constant(beta1)), mul(g, constant(1 - beta1)));
    const v = add(mul(square, constant(beta2)), mul(mul(g, g), constant(1 - beta2)));
    const divisor = add(mul(sqrt(v), this.scalar(group, 'rootScale')), constant(this.#eps));
    const next = sub(kept, mul(div(m, divisor), this.scalar(group, 'stepSize')));
    return [assign(mean, m), assign(square, v), assign(p, next)];
  }

  protected override scalars(step: number, learningRate: number, group: ResolvedGroup): Record<string, number> {
    const [beta1, beta2] = this.#betas;
    const stepSize = learningRate / (1 - power(beta1, step));
    const rootScale = 1 / Math.sqrt(1 - power(beta2, step));
    const decays = this.#decoupled && group.weightDecay !== 0;
    return decays ? { stepSize, rootScale, kept: 1 - learningRate * group.weightDecay } : { stepSize, rootScale };
  }
}

/** Weight decay is an L2 penalty in the gradient. */
export class Adam extends MomentOptimizer {
  constructor(parameters: readonly Variable[] | readonly ParameterGroup[], options: AdamOptions = {}) {
    super(parameters, options, false);
  }
}

/** Weight decay is decoupled from the gradient. */
export class AdamW extends MomentOptimizer {
  constructor(parameters: readonly Variable[] | readonly ParameterGroup[], options: AdamOptions = {}) {
    super(parameters, { ...options, weightDecay: options.weightDecay ?? 0.01 }, true);
  }
}
