// Watches a forward pass being built: which module was called with which tensor and what came out. Layer tables, feature
// maps and gradient norms by layer all start from this. PyTorch: forward hooks.

import type { Tensor } from '../tensor/index.ts';
import { tensorCount } from '../tensor/tensor.ts';
import type { Module } from './module.ts';

export interface ModuleCall {
  /** The module's path in the model; '' for the model itself. */
  readonly name: string;
  readonly module: Module;
  readonly input: Tensor;
  readonly output: Tensor;
  /** The tensors built in it have ids from the first number on, up to the second, which is not among them. */
  readonly built: readonly [from: number, to: number];
}

export interface Trace {
  readonly output: Tensor;
  /** Every call in the order in which it returned: children before their parent, the model itself last. */
  readonly calls: readonly ModuleCall[];
}

/** model.forward(x), and every call of a module within. */
export function trace(model: Module, x: Tensor): Trace {
  const calls: ModuleCall[] = [];
  const restore: (() => void)[] = [];
  for (const [name, module] of model.namedModules()) {
    // A property of the instance shadows the class's method until it is removed again.
    const own = Object.getOwnPropertyDescriptor(module, 'forward');
    const forward = module.forward;
    module.forward = (input) => {
      const from = tensorCount();
      const output = forward.call(module, input);
      calls.push({ name, module, input, output, built: [from, tensorCount()] });
      return output;
    };
    restore.push(() => {
      if (own) Object.defineProperty(module, 'forward', own);
      else Reflect.deleteProperty(module, 'forward');
    });
  }
  try {
    return { output: model.forward(x), calls };
  } finally {
    for (const undo of restore) undo();
  }
}
