// Kernels that compute each element from the elements in the same place: arithmetic with broadcasting, and functions of
// one variable.

import * as elementary from '../../tensor/elementary.ts';
import { sameShape } from '../../tensor/shape.ts';
import { erf as errorFunction } from './erf.ts';
import { broadcastIndex, type Kernel, zeros } from './kernel.ts';

function binary(f: (a: number, b: number) => number): Kernel {
  return (node, [a, b]) => {
    const result = zeros(node);
    const [shapeA, shapeB] = node.inputs.map((input) => input.shape);
    if (sameShape(shapeA, shapeB)) {
      for (let i = 0; i < result.length; i++) result[i] = f(a[i], b[i]);
      return result;
    }
    const indexA = broadcastIndex(shapeA, node.shape);
    const indexB = broadcastIndex(shapeB, node.shape);
    for (let i = 0; i < result.length; i++) result[i] = f(a[indexA[i]], b[indexB[i]]);
    return result;
  };
}

function unary(f: (x: number) => number): Kernel {
  return (node, [x]) => {
    const result = zeros(node);
    for (let i = 0; i < result.length; i++) result[i] = f(x[i]);
    return result;
  };
}

export const add = binary((a, b) => a + b);
export const sub = binary((a, b) => a - b);
export const mul = binary((a, b) => a * b);
export const div = binary((a, b) => a / b);

/** Math.max keeps NaN. */
export const relu = unary((x) => Math.max(x, 0));
export const reluGradient = binary((upstream, y) => (y > 0 ? upstream : 0));
export const sigmoid = unary((x) => 1 / (1 + elementary.exp(-x)));
export const tanh = unary(elementary.tanh);
export const exp = unary(elementary.exp);
export const sqrt = unary(Math.sqrt);
export const erf = unary(errorFunction);

export const constant: Kernel = (node) => zeros(node).fill(node.attributes.value as number);
