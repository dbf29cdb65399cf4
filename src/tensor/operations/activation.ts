// Functions of one element. gelu and silu are written in terms of erf and sigmoid, so their gradients follow by themselves.

import { apply, type None, type Operation } from '../operation.ts';
import { ShapeError, sameShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { add, constant, div, mul, sub } from './arithmetic.ts';

function unary(name: string, gradient: (upstream: Tensor, x: Tensor, y: Tensor) => Tensor) {
  const operation: Operation<None> = {
    name,
    infer: ([x]) => {
      if (x.dtype !== 'float32') throw new ShapeError(name, [x.shape], `needs float32, found ${x.dtype}`);
      return { shape: x.shape };
    },
    gradient: (upstream, y) => [gradient(upstream, y.inputs[0], y)],
  };
  return (x: Tensor): Tensor => apply(operation, [x], {});
}

const reluGradientOperation: Operation<None> = {
  name: 'reluGradient',
  infer: ([upstream, y]) => {
    if (!sameShape(upstream.shape, y.shape)) {
      throw new ShapeError('reluGradient', [upstream.shape, y.shape], 'shapes must be equal');
    }
    return { shape: y.shape };
  },
};

/** max(x, 0); NaN stays NaN. The gradient passes where the result is positive. PyTorch: F.relu. */
export const relu = unary('relu', (g, _x, y) => apply(reluGradientOperation, [g, y], {}));

/** 1 / (1 + exp(-x)); derivative y (1 - y). PyTorch: torch.sigmoid. */
export const sigmoid = unary('sigmoid', (g, _x, y) => mul(g, mul(y, sub(constant(1), y))));

/** Hyperbolic tangent; derivative 1 - y^2. PyTorch: torch.tanh. */
export const tanh = unary('tanh', (g, _x, y) => mul(g, sub(constant(1), mul(y, y))));

/** e^x. PyTorch: torch.exp. */
export const exp = unary('exp', (g, _x, y) => mul(g, y));

/** Square root; derivative 1 / (2 y). PyTorch: torch.sqrt. */
export const sqrt = unary('sqrt', (g, _x, y) => div(mul(g, constant(0.5)), y));

/** Gauss error function; derivative 2/sqrt(pi) exp(-x^2). PyTorch: torch.erf. */
export const erf = unary('erf', (g, x) =>
  mul(g, mul(constant(2 / Math.sqrt(Math.PI)), exp(mul(constant(-1), mul(x, x))))),
);

/** x Phi(x) with Phi the normal distribution, exact form. Hendrycks & Gimpel 2016. PyTorch: F.gelu(x). */
export function gelu(x: Tensor): Tensor {
  return mul(x, mul(constant(0.5), add(constant(1), erf(mul(x, constant(Math.SQRT1_2))))));
}

/** x sigmoid(x), also called swish. PyTorch: F.silu. */
export function silu(x: Tensor): Tensor {
  return mul(x, sigmoid(x));
}
