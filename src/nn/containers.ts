// Modules that only arrange others, and those that only pass on.

import { flatten, type Tensor } from '../tensor/index.ts';
import { Module } from './module.ts';

/** One after another; children are named '0', '1', ... PyTorch: nn.Sequential. */
export class Sequential extends Module {
  readonly #modules: readonly Module[];

  constructor(...modules: Module[]) {
    super();
    this.#modules = modules;
  }

  override namedChildren(): Map<string, Module> {
    return new Map(this.#modules.map((module, i) => [String(i), module]));
  }

  override forward(x: Tensor): Tensor {
    return this.#modules.reduce((value, module) => module.forward(value), x);
  }
}

/** [N, ...] -> [N, everything else]. PyTorch: nn.Flatten. */
export class Flatten extends Module {
  override forward(x: Tensor): Tensor {
    return flatten(x);
  }
}

/** x -> x. PyTorch: nn.Identity. */
export class Identity extends Module {
  override forward(x: Tensor): Tensor {
    return x;
  }
}
