// Stochastic gradient descent with momentum, as PyTorch's torch.optim.SGD:
//
//   g = gradient + weightDecay p      b = momentum b + (1 - dampening) g      (in the first step b = g)
//   p = p - learningRate d            d = g + momentum b with Nesterov's momentum, else b

import { UsageError } from '../../errors.ts';
import { type Assignment, add, assign, constant, mul, sub, type Tensor, type Variable } from '../../tensor/index.ts';
import { nonNegative, Optimizer, type ParameterGroup, type ResolvedGroup } from './optimizer.ts';

export interface SGDOptions {
  /** 0 by default; 0.9 is usual. */
  readonly momentum?: number;
  /** 0 by default. */
  readonly dampening?: number;
  /** Sutskever et al. 2013, sec. 2. false by default. */
  readonly nesterov?: boolean;
  /** L2 penalty, added to the gradient; 0 by default. */
  readonly weightDecay?: number;
}

export class SGD extends Optimizer {
  readonly #momentum: number;
  readonly #dampening: number;
  readonly #nesterov: boolean;

  constructor(parameters: readonly Variable[] | readonly ParameterGroup[], options: SGDOptions = {}) {
    const { momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
    super(parameters, weightDecay);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new UsageError('nesterov needs a momentum above 0 and a dampening of 0');
    }
    this.#momentum = nonNegative('momentum', momentum);
    this.#dampening = dampening;
    this.#nesterov = nesterov;
  }

  protected override stateNames(): readonly string[] {
    return this.#momentum === 0 ? [] : ['momentum_buffer'];
  }

  protected override update(p: Variable, gradient: Tensor, group: ResolvedGroup, index: number): Assignment[] {
    const learningRate = this.scalar(group, 'learningRate');
    const g = group.weightDecay === 0 ? gradient : add(gradient, mul(p, constant(group.weightDecay)));
    if (this.#momentum === 0) return [assign(p, sub(p, mul(g, learningRate)))];
    const buffer = this.stateOf(p, index, 'momentum_buffer');
    const share = this.#dampening === 0 ? g : mul(g, this.scalar(group, 'gradientShare'));
    const b = add(mul(buffer, constant(this.#momentum)), share);
    const d = this.#nesterov ? add(g, mul(b, constant(this.#momentum))) : b;
    return [assign(buffer, b), assign(p, sub(p, mul(d, learningRate)))];
  }

  protected override scalars(step: number, learningRate: number): Record<string, number> {
    if (this.#dampening === 0) return { learningRate };
    return { learningRate, gradientShare: step === 1 ? 1 : 1 - this.#dampening };
  }
}
