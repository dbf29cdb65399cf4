// Between the host's arrays, in PyTorch's order, and the device's memory: the same elements at other strides.

import type { Axis } from '../../compiler/view.ts';
import type { Values } from '../device.ts';
import { elementBytes, type Geometry } from './geometry.ts';

/** The axes of memory that a tensor's own axes go to, with their extents, in PyTorch's order. */
export type Places = readonly (readonly [Axis, number])[];

/** How to walk over a tensor in both places; four axes, in elements. */
export interface Route {
  readonly extents: readonly [number, number, number, number];
  readonly strides: readonly [number, number, number, number];
  readonly origin: number;
}

export function routeOf(places: Places, g: Geometry): Route {
  const bytes: Record<Axis, number> = { n: g.imageBytes, h: g.rowBytes, w: g.pixelBytes, c: elementBytes };
  const missing = Array.from({ length: 4 - places.length }, () => ({ extent: 1, stride: 0 }));
  const own = places.map(([axis, extent]) => ({ extent, stride: bytes[axis] / elementBytes }));
  const [a, b, c, d] = [...missing, ...own];
  return {
    extents: [a.extent, b.extent, c.extent, d.extent],
    strides: [a.stride, b.stride, c.stride, d.stride],
    origin: g.origin / elementBytes,
  };
}

/** Host to device. `memory` has the type of the values; `start` is the tensor's address in elements. */
export function scatter(values: Values, memory: Values, start: number, { extents, strides, origin }: Route): void {
  const [count0, count1, count2, count3] = extents;
  const [stride0, stride1, stride2, stride3] = strides;
  let source = 0;
  for (let i = 0; i < count0; i++) {
    for (let j = 0; j < count1; j++) {
      for (let k = 0; k < count2; k++) {
        let target = start + origin + i * stride0 + j * stride1 + k * stride2;
        for (let l = 0; l < count3; l++, target += stride3) memory[target] = values[source++];
      }
    }
  }
}

/** Device to host. */
export function gather(values: Values, memory: Values, start: number, { extents, strides, origin }: Route): void {
  const [count0, count1, count2, count3] = extents;
  const [stride0, stride1, stride2, stride3] = strides;
  let target = 0;
  for (let i = 0; i < count0; i++) {
    for (let j = 0; j < count1; j++) {
      for (let k = 0; k < count2; k++) {
        let source = start + origin + i * stride0 + j * stride1 + k * stride2;
        for (let l = 0; l < count3; l++, source += stride3) values[target++] = memory[source];
      }
    }
  }
}
