// The same elements in the same (row-major, PyTorch's contiguous) order under another shape.

import { apply, type Operation } from '../operation.ts';
import { type Shape, ShapeError, sameShape, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

const reshapeOperation: Operation<{ shape: Shape }> = {
  name: 'reshape',
  infer: ([x], { shape }) => {
    if (sizeOf(shape) !== x.size) {
      const rule = `the number of elements must stay the same (${x.size}, asked for ${sizeOf(shape)})`;
      throw new ShapeError('reshape', [x.shape, shape], rule);
    }
    return { shape, dtype: x.dtype };
  },
  gradient: (upstream, { inputs: [x] }) => [reshape(upstream, x.shape)],
};

/** One extent may be -1: it is worked out from the number of elements. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
  if (shape.filter((extent) => extent === -1).length > 1) {
    throw new ShapeError('reshape', [x.shape, shape], 'only one extent may be -1');
  }
  const resolved = shape.map((extent) => (extent === -1 ? x.size / known : extent));
  return sameShape(x.shape, resolved) ? x : apply(reshapeOperation, [x], { shape: resolved });
}

/** Joins all axes from `startAxis` on: [N, C, H, W] -> [N, C*H*W]. PyTorch: torch.flatten(x, 1). */
export function flatten(x: Tensor, startAxis = 1): Tensor {
  if (startAxis < 0 || startAxis >= x.rank) {
    throw new ShapeError('flatten', [x.shape], `startAxis ${startAxis} is not one of its ${x.rank} axes`);
  }
  return reshape(x, [...x.shape.slice(0, startAxis), -1]);
}
