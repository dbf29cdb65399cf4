// Shapes and the one error that a wrong shape raises. The user sees PyTorch's order everywhere: images are [N, C, H, W],
// convolution weights [outChannels, inChannels, kernelHeight, kernelWidth], labels [N].

import { ResiduaError } from '../errors.ts';

export type Shape = readonly number[];

/** Wrong shapes: names the operation, the shapes it was given, and the rule that they break. */
export class ShapeError extends ResiduaError {
  constructor(operation: string, shapes: readonly Shape[], rule: string, hint?: string) {
    super(`${operation} of ${shapes.map(formatShape).join(' and ')}: ${rule}`, { hint });
  }
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Number of elements; 1 for a scalar []. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

export function assertShape(operation: string, shape: Shape): void {
  const bad = shape.findIndex((extent) => !Number.isInteger(extent) || extent < 1);
  if (bad >= 0) {
    throw new ShapeError(operation, [shape], `every extent must be a whole number of at least 1; axis ${bad} is not`);
  }
}

/** Row-major strides in elements, PyTorch's contiguous order. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** The shape two tensors broadcast to: aligned at the last axis, extents equal or 1 (NumPy's and PyTorch's rule). */
export function broadcastShapes(operation: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const result = new Array<number>(rank);
  for (let axis = 0; axis < rank; axis++) {
    const x = a[a.length - rank + axis] ?? 1;
    const y = b[b.length - rank + axis] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      const rule = `extents must be equal or 1, counted from the last axis; axis ${axis} has ${x} and ${y}`;
      throw new ShapeError(operation, [a, b], rule);
    }
    result[axis] = Math.max(x, y);
  }
  return result;
}

/** A number, or [vertical, horizontal], as PyTorch's kernel_size, stride and padding. */
export type Pair = number | readonly [number, number];

export function toPair(value: Pair): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}

/** Output extent of a sliding window: floor((input + 2 padding - kernel) / stride) + 1. */
export function windowExtent(input: number, kernel: number, stride: number, padding: number): number {
  return Math.floor((input + 2 * padding - kernel) / stride) + 1;
}
