// What all optimizers share. An optimizer computes nothing itself: it writes the update of every parameter as graph nodes,
// so a training step (forward, backward, update) is one program. Its own memory (momentum, moments) are Variables; what
// changes from step to step (the learning rate, bias corrections) are scalar Inputs that the host feeds.

import { ResiduaError, UsageError } from '../../errors.ts';
import { type Assignment, Input, type Tensor, Variable } from '../../tensor/index.ts';

/** Parameters that are treated alike. PyTorch: an optimizer's param_groups. */
export interface ParameterGroup {
  readonly parameters: readonly Variable[];
  /** The optimizer's own by default; 0 is usual for biases and batch norms. */
  readonly weightDecay?: number;
  /** Multiplies the learning rate, 1 by default; below 1 for layers that are only fine-tuned. */
  readonly learningRateScale?: number;
}

/** A group with its place among the optimizer's groups and its scalars. */
export interface ResolvedGroup {
  readonly parameters: readonly Variable[];
  readonly weightDecay: number;
  readonly learningRateScale: number;
  /** Names and scalars that are fed each step start with this. */
  readonly prefix: string;
}

export abstract class Optimizer {
  /** All parameters, group after group: the order in which assignments() wants their gradients. */
  readonly parameters: readonly Variable[];
  protected readonly groups: readonly ResolvedGroup[];
  readonly #state = new Map<string, Variable>();
  readonly #inputs = new Map<string, Input>();

  /**
   * @param parameters a model's parameters(), or groups of them
   * @param weightDecay of groups that don't say their own
   */
  constructor(parameters: readonly Variable[] | readonly ParameterGroup[], weightDecay: number) {
    this.groups = asGroups(parameters).map((group, i) => ({
      parameters: group.parameters,
      weightDecay: nonNegative('weightDecay', group.weightDecay ?? weightDecay),
      learningRateScale: nonNegative('learningRateScale', group.learningRateScale ?? 1),
      prefix: `optimizer.${i}`,
    }));
    this.parameters = this.groups.flatMap((group) => group.parameters);
    if (this.parameters.length === 0) throw new ResiduaError('the optimizer was given no parameters');
    if (new Set(this.parameters).size < this.parameters.length) {
      throw new ResiduaError('a parameter appears twice in the optimizer');
    }
  }

  /** What it remembers of every parameter, by PyTorch's names. */
  protected abstract stateNames(): readonly string[];

  /** New values of one parameter and of its state. */
  protected abstract update(parameter: Variable, gradient: Tensor, group: ResolvedGroup, index: number): Assignment[];

  /** The scalars of one group, by the short names that update() asks them by. */
  protected abstract scalars(
    step: number,
    learningRate: number,
    group: ResolvedGroup,
  ): Readonly<Record<string, number>>;

  /**
   * One step of all parameters, for the `assignments` of a graph.
   *
   * @param gradients of the loss by `parameters`, in that order
   */
  assignments(gradients: readonly Tensor[]): Assignment[] {
    if (gradients.length !== this.parameters.length) {
      const count = `${this.parameters.length} parameters, but ${gradients.length} gradients`;
      throw new ResiduaError(`the optimizer has ${count} were given`);
    }
    let index = 0;
    return this.groups.flatMap((group) =>
      group.parameters.flatMap((parameter) => {
        const place = index++;
        return this.update(parameter, gradients[place], group, place);
      }),
    );
  }

  /**
   * What to feed the inputs of assignments() in one step.
   *
   * @param step counts from 1
   */
  feeds(step: number, learningRate: number): Record<string, number> {
    if (!Number.isInteger(step) || step < 1) throw new UsageError(`steps count from 1, found ${step}`);
    nonNegative('learningRate', learningRate);
    const feeds: Record<string, number> = {};
    for (const group of this.groups) {
      const scalars = this.scalars(step, learningRate * group.learningRateScale, group);
      for (const [name, value] of Object.entries(scalars)) feeds[`${group.prefix}.${name}`] = value;
    }
    return feeds;
  }

  /**
   * Everything besides the step number that a resumed run needs, by checkpoint name: `12.exp_avg` belongs to parameter
   * number 12.
   */
  state(): ReadonlyMap<string, Variable> {
    const names = this.stateNames();
    this.parameters.forEach((parameter, i) => {
      for (const name of names) this.stateOf(parameter, i, name);
    });
    return this.#state;
  }

  /** The state of parameter number `index` that is called `name`, one of stateNames(); zeros at first. */
  protected stateOf(parameter: Variable, index: number, name: string): Variable {
    const key = `${index}.${name}`;
    const state = this.#state.get(key) ?? new Variable(parameter.shape, new Float32Array(parameter.size));
    this.#state.set(key, state);
    return state;
  }

  /** The scalar of a group that is fed each step. */
  protected scalar(group: ResolvedGroup, name: string): Input {
    const key = `${group.prefix}.${name}`;
    const input = this.#inputs.get(key) ?? new Input(key, []);
    this.#inputs.set(key, input);
    return input;
  }
}

function asGroups(parameters: readonly Variable[] | readonly ParameterGroup[]): readonly ParameterGroup[] {
  const isGroup = (item: Variable | ParameterGroup): item is ParameterGroup => !(item instanceof Variable);
  const items: readonly (Variable | ParameterGroup)[] = parameters;
  return items.every(isGroup) ? items : [{ parameters: items as readonly Variable[] }];
}

/** The value, when it is a number of at least 0. */
export function nonNegative(name: string, value: number): number {
  if (!(value >= 0)) throw new UsageError(`${name} must be at least 0, found ${value}`);
  return value;
}
