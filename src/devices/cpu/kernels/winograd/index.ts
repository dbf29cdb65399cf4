// Winograd's method for 3x3 convolutions of stride 1 or 2: which it serves, and the halo it reads. Maps are rounded up to whole
// tiles, so the halo at the right and the bottom may be wider than the padding.

import type { Halo } from '../../geometry.ts';
import type { ConvolutionKernels, ConvolutionShape } from '../convolution.ts';
import { type Correlations, filtersOf, forwardCorrelations, inputGradientCorrelations, outputsOf } from './filters.ts';
import { tilingOf } from './tiles.ts';

export { preferWinograd, winogradApplies } from './cost.ts';
export { winogradForward, winogradInputGradient } from './forward.ts';
export { winogradWeightGradient } from './weight-gradient.ts';

interface Extent {
  readonly h: number;
  readonly w: number;
}

function patchHalo(input: Extent, output: Extent, correlations: Correlations): Halo {
  const tiling = tilingOf({ n: 1, ...output }, outputsOf(correlations));
  const [rows, columns] = correlations;
  const beyond = (tiles: number, { step, before, input: { inputs } }: Correlations[number], extent: number): number =>
    Math.max(0, (tiles - 1) * step + inputs - before - extent);
  return {
    top: rows.before,
    left: columns.before,
    bottom: beyond(tiling.rows, rows, input.h),
    right: beyond(tiling.columns, columns, input.w),
  };
}

const inputOf = ({ height, width }: ConvolutionShape): Extent => ({ h: height, w: width });
const outputOf = ({ outHeight, outWidth }: ConvolutionShape): Extent => ({ h: outHeight, w: outWidth });

export const winograd: ConvolutionKernels = {
  forwardHalo: (shape) =>
    patchHalo(inputOf(shape), outputOf(shape), forwardCorrelations(filtersOf(shape.window)!, shape.window)),
  inputGradientHalo: (shape) =>
    patchHalo(outputOf(shape), inputOf(shape), inputGradientCorrelations(filtersOf(shape.window)!, shape.window)),
  weightGradientHalo(shape) {
    const [rows, columns] = filtersOf(shape.window)!;
    const tiling = tilingOf({ n: 1, ...outputOf(shape) }, [rows.tile, columns.tile]);
    const bottom = tiling.rows * rows.tile - shape.outHeight;
    const right = tiling.columns * columns.tile - shape.outWidth;
    return { x: winograd.forwardHalo(shape), upstream: { top: 0, left: 0, bottom, right } };
  },
};
