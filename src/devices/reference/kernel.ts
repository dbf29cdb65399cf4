// What a kernel of the reference device is: a function of the whole arrays of its inputs that returns the whole array of
// its result. Arrays are row-major in PyTorch's order; float32 tensors are held in float64, so rounding is never the
// reason why another device disagrees. A kernel never changes its inputs: arrays may be shared.

import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Float64Array for float32 tensors, Int32Array for int32. */
export type Numbers = Float64Array | Int32Array;

/** Computes one node of the graph; its shapes and attributes are read from the node and the node's inputs. */
export type Kernel = (node: Tensor, inputs: readonly Numbers[]) => Numbers;

/** Zeros for one tensor. */
export function zeros(tensor: Tensor): Numbers {
  return tensor.dtype === 'int32' ? new Int32Array(tensor.size) : new Float64Array(tensor.size);
}

/**
 * Where each element of `whole` finds its partner in `part`, when `part` is repeated along missing axes and axes of
 * extent 1. The same table serves broadcasting (read from there) and sums (add up there).
 */
export function broadcastIndex(part: Shape, whole: Shape): Int32Array {
  const missing = whole.length - part.length;
  let stride = part.reduce((product, extent) => product * extent, 1);
  let index = new Int32Array(1);
  whole.forEach((extent, axis) => {
    const ownExtent = axis < missing ? 1 : part[axis - missing];
    stride /= ownExtent;
    const step = ownExtent === 1 ? 0 : stride;
    const finer = new Int32Array(index.length * extent);
    for (let i = 0, k = 0; i < index.length; i++) {
      for (let j = 0; j < extent; j++) finer[k++] = index[i] + j * step;
    }
    index = finer;
  });
  return index;
}
