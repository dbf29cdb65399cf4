// Arithmetic on every element, with broadcasting as in NumPy and PyTorch: shapes are aligned at the last axis, an extent
// of 1 is repeated. The gradient of a repeated operand is the sum over the axes along which it was repeated.

import { apply, type None, type Operation } from '../operation.ts';
import { broadcastShapes, type Shape, ShapeError, sameShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { sum } from './reduction.ts';
import { reshape } from './reshape.ts';

/** Sums a gradient over the axes that broadcasting repeated, back to the operand's shape. */
function unbroadcast(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const missing = gradient.rank - shape.length;
  const axes = gradient.shape.flatMap((extent, axis) =>
    axis < missing || (shape[axis - missing] === 1 && extent !== 1) ? [axis] : [],
  );
  const summed = axes.length > 0 ? sum(gradient, { axes, keepDims: true }) : gradient;
  return reshape(summed, shape);
}

function binary(name: string, gradient: (upstream: Tensor, a: Tensor, b: Tensor, result: Tensor) => [Tensor, Tensor]) {
  const operation: Operation<None> = {
    name,
    infer: ([a, b]) => {
      if (a.dtype !== b.dtype) {
        throw new ShapeError(name, [a.shape, b.shape], `both must have one dtype, found ${a.dtype} and ${b.dtype}`);
      }
      return { shape: broadcastShapes(name, a.shape, b.shape), dtype: a.dtype };
    },
    gradient: (upstream, result) => {
      const [a, b] = result.inputs;
      const [da, db] = gradient(upstream, a, b, result);
      return [unbroadcast(da, a.shape), unbroadcast(db, b.shape)];
    },
  };
  return (a: Tensor, b: Tensor): Tensor => apply(operation, [a, b], {});
}

/** a + b */
export const add = binary('add', (g) => [g, g]);

/** a - b */
export const sub = binary('sub', (g) => [g, mul(g, constant(-1))]);

/** a * b */
export const mul: (a: Tensor, b: Tensor) => Tensor = binary('mul', (g, a, b) => [mul(g, b), mul(g, a)]);

/** a / b; d/db = -(a / b) / b */
export const div: (a: Tensor, b: Tensor) => Tensor = binary('div', (g, _a, b, result) => [
  div(g, b),
  mul(mul(g, constant(-1)), div(result, b)),
]);

const constantOperation: Operation<{ value: number; integer: boolean }> = {
  name: 'constant',
  infer: (_, { integer }) => ({ shape: [], dtype: integer ? 'int32' : 'float32' }),
  gradient: () => [],
};

/** A scalar [] that is part of the program. float32 unless `integer`. */
export function constant(value: number, { integer = false } = {}): Tensor {
  return apply(constantOperation, [], { value, integer });
}
