// A module is a piece of a network: parameters plus forward(x), as in PyTorch. Building forward's result computes nothing;
// it adds nodes to a graph. A module finds what it owns by looking at its own properties, in the order of declaration:
//
//   a trainable Variable   a parameter        a Module              a child
//   another Variable       a buffer           an array of Modules   children, numbered from 0
//
// Names are PyTorch's state_dict keys: the path of properties joined by dots, `layer1.0.conv1.weight`.

import { type Tensor, Variable } from '../tensor/index.ts';
import { type LoadReport, loadState, type StateEntry } from './load-state.ts';

interface OwnVariable {
  readonly variable: Variable;
  /** Whether it is part of stateDict(). */
  readonly persistent: boolean;
  /** Whether its module is. */
  readonly frozen: boolean;
}

export abstract class Module {
  /** Whether forward builds the training form (batch statistics, dropout). Set it with train() and eval(). */
  training = true;

  /** Whether the parameters stay as they are, and train() leaves the module in evaluation mode. Set it with freeze(). */
  frozen = false;

  /** PyTorch's names of own properties where TypeScript's differ: `{ runningMean: 'running_mean' }`. */
  protected readonly stateNames: Readonly<Record<string, string>> = {};

  /** Own variables that are not part of stateDict(), by their state name. PyTorch: persistent=False. */
  protected readonly nonPersistent: readonly string[] = [];

  /** Adds this module to a graph. In training mode the result may carry effects, such as new running statistics. */
  abstract forward(x: Tensor): Tensor;

  /**
   * Switches this module and all within it to training mode (or out of it), but for those that are frozen; graphs built
   * before don't change.
   */
  train(mode = true): this {
    for (const module of this.namedModules().values()) module.training = mode && !module.frozen;
    return this;
  }

  /** Switches to evaluation mode: running statistics instead of the batch's, no dropout. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Keeps this module and all within it as they are, for good: trainableParameters() leaves theirs out, and their batch
   * norms go on with the running statistics. PyTorch: requires_grad_(False), and eval() after every train().
   */
  freeze(): this {
    for (const module of this.namedModules().values()) {
      module.frozen = true;
      module.training = false;
    }
    return this;
  }

  /** Direct children by name, in the order of declaration. */
  namedChildren(): Map<string, Module> {
    const children = new Map<string, Module>();
    for (const [property, value] of Object.entries(this)) {
      const name = this.stateNames[property] ?? property;
      if (value instanceof Module) children.set(name, value);
      if (Array.isArray(value)) {
        value.forEach((item, i) => {
          if (item instanceof Module) children.set(`${name}.${i}`, item);
        });
      }
    }
    return children;
  }

  /** This module (called '') and all within it, parents before children; a shared module once. */
  namedModules(): Map<string, Module> {
    const seen = new Set<Module>();
    const modules = new Map<string, Module>();
    for (const [name, module] of this.#walk('')) {
      if (!seen.has(module)) modules.set(name, module);
      seen.add(module);
    }
    return modules;
  }

  /** What an optimizer changes, by name; a shared parameter once. */
  namedParameters(): Map<string, Variable> {
    return withoutRepeats(this.#variables(({ variable }) => variable.trainable));
  }

  /** Variables that no optimizer changes (running statistics, counters), by name. */
  namedBuffers(): Map<string, Variable> {
    return withoutRepeats(this.#variables(({ variable }) => !variable.trainable));
  }

  parameters(): Variable[] {
    return [...this.namedParameters().values()];
  }

  /** Parameters outside of frozen modules: what an optimizer is given. */
  trainableParameters(): Variable[] {
    return [...withoutRepeats(this.#variables(({ variable, frozen }) => variable.trainable && !frozen)).values()];
  }

  /** Parameters and persistent buffers, with PyTorch's names and in PyTorch's order. */
  stateDict(): Map<string, Variable> {
    return this.#variables(({ persistent }) => persistent);
  }

  /** stateDict() and what it leaves out, such as dropout's step: everything that a resumable checkpoint needs. */
  namedState(): Map<string, Variable> {
    return this.#variables(() => true);
  }

  /**
   * Sets the host's values of this module's variables, before a program is compiled from them (afterwards use
   * device.write). Nothing changes when an error is thrown. PyTorch: Module.load_state_dict.
   *
   * @param entries values by state_dict name, in PyTorch's element order
   * @param options.strict false: missing and unexpected keys are returned, not thrown. A wrong shape always throws.
   */
  loadStateDict(entries: ReadonlyMap<string, StateEntry>, { strict = true }: { strict?: boolean } = {}): LoadReport {
    return loadState(this.stateDict(), entries, strict);
  }

  #variables(wanted: (entry: OwnVariable) => boolean): Map<string, Variable> {
    const result = new Map<string, Variable>();
    for (const [path, module] of this.#walk('')) {
      const own = Object.entries(module).filter((entry): entry is [string, Variable] => entry[1] instanceof Variable);
      const parametersFirst = own.sort(([, a], [, b]) => Number(b.trainable) - Number(a.trainable));
      for (const [property, variable] of parametersFirst) {
        const name = module.stateNames[property] ?? property;
        const persistent = !module.nonPersistent.includes(name);
        if (wanted({ variable, persistent, frozen: module.frozen })) result.set(join(path, name), variable);
      }
    }
    return result;
  }

  *#walk(path: string): Generator<[string, Module]> {
    yield [path, this];
    for (const [name, child] of this.namedChildren()) yield* child.#walk(join(path, name));
  }
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function withoutRepeats(variables: Map<string, Variable>): Map<string, Variable> {
  const seen = new Set<Variable>();
  const result = new Map<string, Variable>();
  for (const [name, variable] of variables) {
    if (!seen.has(variable)) result.set(name, variable);
    seen.add(variable);
  }
  return result;
}
