// An exponential moving average of a model's weights (Polyak & Juditsky 1992; Tarvainen & Valpola 2017): a second model that
// follows the trained one and is steadier than it. After every step, for every weight p and its average a:
//
//   a = a + (1 - decay) (p - a)
//
// This is the one that is validated, tested and saved. The running statistics of batch norms are averaged in the same way,
// so that they belong to the averaged weights (timm's ModelEmaV3, torchvision's with use_buffers); counters are copied.

import { UsageError } from '../errors.ts';
import type { Module } from '../nn/index.ts';
import { exp, log } from '../tensor/elementary.ts';
import { type Assignment, add, assign, Input, mul, sub, type Tensor, type Variable } from '../tensor/index.ts';

export interface EmaConfig {
  /** Share of the old average that stays in each step, 0 to 1 (exclusive): 0.999 averages over about 1,000 steps. */
  readonly decay: number;
  /**
   * Whether the decay grows from 0 to its value, so that the first weights are soon forgotten: in step t it is at most
   * 1 - t^(-2/3), timm's ModelEmaV3 with use_warmup. Otherwise it is the same from the first step on.
   */
  readonly warmUp: boolean;
}

const WARM_UP_POWER = 2 / 3;

export class ModelEma {
  /** The average: of the same architecture as the trained model, with variables of its own. */
  readonly model: Module;
  /** What follows what. */
  readonly #pairs: readonly (readonly [average: Variable, trained: Variable])[];
  readonly #config: EmaConfig;
  readonly #share = new Input('ema.share', []);

  /**
   * @param trained with the values that the average begins with; what is frozen in it needs no average
   * @param model another of the same architecture; it takes over the values of `trained`
   */
  constructor(trained: Module, model: Module, config: EmaConfig) {
    if (!(config.decay >= 0 && config.decay < 1)) {
      throw new UsageError(`the decay of an average must be in [0, 1), found ${config.decay}`);
    }
    this.model = model;
    this.#config = config;
    const entries = [...trained.stateDict()].map(([name, { shape, value }]) => [name, { shape, data: value }] as const);
    model.loadStateDict(new Map(entries));
    const averages = model.stateDict();
    const followed = [...trained.namedModules().values()].filter((module) => !module.frozen);
    const moving = new Set(followed.flatMap((module) => Object.values(module)));
    this.#pairs = [...trained.stateDict()]
      .filter(([, variable]) => moving.has(variable))
      .map(([name, variable]) => [averages.get(name)!, variable]);
  }

  /**
   * One step of the average, for the `assignments` of a graph.
   *
   * @param updates what the graph assigns to the trained model; a variable that it doesn't assign counts as it is
   */
  assignments(updates: readonly Assignment[]): Assignment[] {
    const values = new Map<Variable, Tensor>(updates.map(({ variable, value }) => [variable, value]));
    return this.#pairs.map(([average, trained]) => {
      const value = values.get(trained) ?? trained;
      if (average.dtype === 'int32') return assign(average, value);
      return assign(average, add(average, mul(sub(value, average), this.#share)));
    });
  }

  /** @param step counts from 1 */
  feeds(step: number): Record<string, number> {
    const { decay, warmUp } = this.#config;
    const share = warmUp ? Math.max(1 - decay, exp(-WARM_UP_POWER * log(step))) : 1 - decay;
    return { [this.#share.name]: share };
  }
}
