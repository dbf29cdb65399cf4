// Where the axes of a tensor go in memory. Memory has four: images n, rows h, columns w and channels c, the channels
// innermost (NHWC). Two layouts send a tensor's axes there:
//
//   image    [N, C, H, W] -> n c h w      [N, C] -> n c      [C] -> c      [A, B, C] -> n h c
//   weight   [O, I, kh, kw] -> c w n h    so that the output channels of a convolution fill its vectors
//
// Two tensors whose axes of more than one element go to the same places in the same order are the same memory: a reshape
// between [C] and [1, C, 1, 1] costs nothing.

import type { Shape } from '../tensor/shape.ts';

export type Layout = 'image' | 'weight';
export type Axis = 'n' | 'h' | 'w' | 'c';
export type View = Readonly<Record<Axis, number>>;

export const axes: readonly Axis[] = ['n', 'h', 'w', 'c'];

const imageAxes: readonly (readonly Axis[])[] = [[], ['c'], ['n', 'c'], ['n', 'h', 'c'], ['n', 'c', 'h', 'w']];
const weightAxes: readonly Axis[] = ['c', 'w', 'n', 'h'];

/** The axes of memory that a tensor's own axes go to, with their extents; more than four axes are joined. */
export function placesOf(shape: Shape, layout: Layout): readonly (readonly [Axis, number])[] {
  if (shape.length > 4) {
    const last = shape[shape.length - 1];
    const before = shape.reduce((product, extent) => product * extent, 1) / last;
    return [
      ['w', before],
      ['c', last],
    ];
  }
  const names = layout === 'weight' ? weightAxes : imageAxes[shape.length];
  return shape.map((extent, axis) => [names[axis], extent] as const);
}

export function viewOf(shape: Shape, layout: Layout): View {
  return { n: 1, h: 1, w: 1, c: 1, ...Object.fromEntries(placesOf(shape, layout)) };
}

/** Equal texts: the same elements at the same places of memory (given the same halo). */
export function placeKey(shape: Shape, layout: Layout): string {
  return placesOf(shape, layout)
    .filter(([, extent]) => extent > 1)
    .join(' ');
}

export function sameView(a: View, b: View): boolean {
  return axes.every((axis) => a[axis] === b[axis]);
}

export function viewKey(view: View): string {
  return axes.map((axis) => view[axis]).join('x');
}

/** Whether the view is one row of channels: [C], [1, C, 1, 1], a scalar. */
export function isVector({ n, h, w }: View): boolean {
  return n * h * w === 1;
}
