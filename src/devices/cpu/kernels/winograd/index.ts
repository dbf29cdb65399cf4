// Winograd's method for 3x3 convolutions of stride 1: which it serves, and the halo it reads. Maps are rounded up to whole
// tiles, so the halo at the right and the bottom may be wider than the padding.

import type { Halo } from '../../geometry.ts';
import type { ConvolutionKernels, ConvolutionShape } from '../convolution.ts';
import { tilingOf } from './tiles.ts';
import { patchSize, tileSize } from './transforms.ts';

export { preferWinograd, winogradApplies } from './cost.ts';
export { winogradForward, winogradInputGradient } from './forward.ts';
export { winogradWeightGradient } from './weight-gradient.ts';

interface Extent {
  readonly h: number;
  readonly w: number;
}

function patchHalo(input: Extent, output: Extent, padding: readonly [number, number]): Halo {
  const { rows, columns } = tilingOf({ n: 1, ...output });
  const beyond = (tiles: number, pad: number, extent: number): number =>
    Math.max(0, tiles * tileSize + patchSize - tileSize - pad - extent);
  return {
    top: padding[0],
    left: padding[1],
    bottom: beyond(rows, padding[0], input.h),
    right: beyond(columns, padding[1], input.w),
  };
}

const inputOf = ({ height, width }: ConvolutionShape): Extent => ({ h: height, w: width });
const outputOf = ({ outHeight, outWidth }: ConvolutionShape): Extent => ({ h: outHeight, w: outWidth });

export const winograd: ConvolutionKernels = {
  forwardHalo: (shape) => patchHalo(inputOf(shape), outputOf(shape), shape.window.padding),
  inputGradientHalo(shape) {
    const { padding } = shape.window;
    return patchHalo(outputOf(shape), inputOf(shape), [2 - padding[0], 2 - padding[1]]);
  },
  weightGradientHalo(shape) {
    const { rows, columns } = tilingOf({ n: 1, ...outputOf(shape) });
    const [bottom, right] = [rows * tileSize - shape.outHeight, columns * tileSize - shape.outWidth];
    return { x: winograd.forwardHalo(shape), upstream: { top: 0, left: 0, bottom, right } };
  },
};
