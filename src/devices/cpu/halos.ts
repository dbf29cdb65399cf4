// How wide the border of zeros around each image must be: convolutions read over the edge without a check.

import type { Item } from '../../compiler/fusion.ts';
import type { Value } from '../../compiler/value.ts';
import { chooseConvolution, shapeOf } from './choose-convolution.ts';
import { type Halo, noHalo } from './geometry.ts';

/** The halo of each value: the widest that a convolution reads, of it or of one that must lie in memory alike. */
export function halosOf(items: readonly Item[], alike: readonly (readonly Value[])[]): Map<Value, Halo> {
  const halos = new Map<Value, Halo>();
  const widen = (value: Value, wanted: Halo): void => {
    const { top, left, bottom, right } = halos.get(value) ?? noHalo;
    halos.set(value, {
      top: Math.max(top, wanted.top),
      left: Math.max(left, wanted.left),
      bottom: Math.max(bottom, wanted.bottom),
      right: Math.max(right, wanted.right),
    });
  };
  for (const item of items) {
    if (item.kind !== 'single' || !item.value.operation.startsWith('conv2d')) continue;
    const { operation, inputs } = item.value;
    const shape = shapeOf(item.value);
    const kernels = chooseConvolution(shape);
    if (operation === 'conv2d') widen(inputs[0], kernels.forwardHalo(shape));
    else if (operation === 'conv2dInputGradient') widen(inputs[0], kernels.inputGradientHalo(shape));
    else {
      const { x, upstream } = kernels.weightGradientHalo(shape);
      widen(inputs[0], x);
      widen(inputs[1], upstream);
    }
  }
  for (const group of alike) {
    for (const value of group) widen(group[0], halos.get(value) ?? noHalo);
    for (const value of group) widen(value, halos.get(group[0])!);
  }
  return halos;
}
