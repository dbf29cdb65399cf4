// Sums and means over axes. The gradient of a sum is the upstream gradient, repeated.

import { apply, type Operation } from '../operation.ts';
import { type Shape, ShapeError } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { constant, mul } from './arithmetic.ts';
import { reshape } from './reshape.ts';

export interface ReductionOptions {
  /** Axes to reduce; all of them by default. Negative counts from the last. */
  axes?: readonly number[];
  /** Keep reduced axes with extent 1. */
  keepDims?: boolean;
}

const sumOperation: Operation<{ axes: readonly number[] }> = {
  name: 'sum',
  infer: ([x], { axes }) => ({ shape: x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)) }),
  gradient: (upstream, { inputs: [x] }) => [broadcastTo(upstream, x.shape)],
};

function resolveAxes(operation: string, x: Tensor, axes: readonly number[] | undefined): number[] {
  if (!axes) return x.shape.map((_, axis) => axis);
  const resolved = axes.map((axis) => (axis < 0 ? x.rank + axis : axis));
  const bad = resolved.findIndex((axis, i) => !(axis >= 0 && axis < x.rank) || resolved.indexOf(axis) !== i);
  if (bad >= 0) {
    throw new ShapeError(operation, [x.shape], `axes [${axes}] must be different axes of the ${x.rank} there are`);
  }
  return resolved.sort((a, b) => a - b);
}

/** Sum over axes. PyTorch: torch.sum(x, dim, keepdim). */
export function sum(x: Tensor, { axes, keepDims = false }: ReductionOptions = {}): Tensor {
  const reduced = resolveAxes('sum', x, axes);
  const result = reduced.length > 0 ? apply(sumOperation, [x], { axes: reduced }) : x;
  return keepDims
    ? result
    : reshape(
        result,
        result.shape.filter((_, axis) => !reduced.includes(axis)),
      );
}

/** Mean over axes. PyTorch: torch.mean(x, dim, keepdim). */
export function mean(x: Tensor, options: ReductionOptions = {}): Tensor {
  const count = resolveAxes('mean', x, options.axes).reduce((product, axis) => product * x.shape[axis], 1);
  return mul(sum(x, options), constant(1 / count));
}

const broadcastOperation: Operation<{ shape: Shape }> = {
  name: 'broadcastTo',
  infer: ([x], { shape }) => {
    const fits = x.rank === shape.length && x.shape.every((extent, axis) => extent === 1 || extent === shape[axis]);
    if (!fits) {
      throw new ShapeError('broadcastTo', [x.shape, shape], 'ranks must be equal, and each extent 1 or the wanted one');
    }
    return { shape };
  },
  gradient: (upstream, { inputs: [x] }) => [
    sum(upstream, { axes: x.shape.flatMap((extent, axis) => (extent === 1 ? [axis] : [])), keepDims: true }),
  ],
};

/** Repeats extents of 1, of a tensor that already has the wanted rank. PyTorch: Tensor.expand. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return apply(broadcastOperation, [x], { shape });
}
