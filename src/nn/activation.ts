// Activation functions as modules, so that a model can be told which to use. They own nothing.

import { gelu, relu, sigmoid, silu, type Tensor, tanh } from '../tensor/index.ts';
import { Module } from './module.ts';

/** max(x, 0). PyTorch: nn.ReLU. */
export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** 1 / (1 + exp(-x)). PyTorch: nn.Sigmoid. */
export class Sigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** Hyperbolic tangent. PyTorch: nn.Tanh. */
export class Tanh extends Module {
  override forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** x Phi(x), exact form. PyTorch: nn.GELU. */
export class GELU extends Module {
  override forward(x: Tensor): Tensor {
    return gelu(x);
  }
}

/** x sigmoid(x). PyTorch: nn.SiLU. */
export class SiLU extends Module {
  override forward(x: Tensor): Tensor {
    return silu(x);
  }
}

const activations = { relu: ReLU, sigmoid: Sigmoid, tanh: Tanh, gelu: GELU, silu: SiLU } as const;

export type ActivationName = keyof typeof activations;

export const activationNames = Object.keys(activations) as readonly ActivationName[];

export function isActivation(module: Module): boolean {
  return Object.values(activations).some((kind) => module instanceof kind);
}

/** A new module of that name. */
export function createActivation(name: ActivationName): Module {
  return new activations[name]();
}
