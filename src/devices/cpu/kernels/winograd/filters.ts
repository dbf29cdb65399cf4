// Minimal filtering algorithms (Winograd 1980; Lavin & Gray 2015): how a filter of three taps is applied along one axis with
// fewer multiplications. An algorithm gives tiles of four outputs:
//
//   y = A' [ (G w) * (B' x) ]           forward
//   dw = G' [ (B' x) * (A dy) ]         weight gradient: the same form, transposed
//
// The input gradient is a correlation too, of dy with the taps in reverse, and has matrices of its own where the stride is 2.
// Nested in itself an algorithm serves two axes, and two algorithms may be mixed.
//
//   F(4, 3)      stride 1: 6 products instead of 12, by the points 0, 1, -1, 2, -2 and infinity.
//   F(4, 2 + 1)  stride 2: the even elements of x see the outer two taps, the odd ones the tap in the middle:
//                    y[i] = w0 x[2i] + w2 x[2i+2]  +  w1 x[2i+1]
//                F(4, 2) for the former, by the points 0, 1, -1, 2 and infinity, and four plain products for the latter: 9
//                instead of 12. The last four share one weight.

import type { Window } from '../../../../tensor/operations/convolution.ts';
import { f43 } from './f43.ts';
import { f421 } from './f421.ts';
import type { Transform } from './transforms.ts';

/** What is correlated with the taps, or with the taps in reverse. */
export interface Correlation {
  /** B' */
  readonly input: Transform;
  /** From the first element that a tile reads to the first that the next one reads. */
  readonly step: number;
  /** Elements that the first tile reads before the first one there is. */
  readonly before: number;
  /** A' */
  readonly output: Transform;
}

export interface Filter {
  readonly stride: number;
  /** Outputs of a tile. */
  readonly tile: number;
  readonly products: number;
  /** Different transformed weights: the last is that of all further products too. */
  readonly weights: number;
  forward(padding: number): Correlation;
  inputGradient(padding: number): Correlation;
  /** A */
  readonly upstream: Transform;
  /** G */
  readonly weight: Transform;
  /** G' */
  readonly weightGradient: Transform;
}

/** Taps along one axis, and in all. */
export const kernelSize = 3;
export const taps = kernelSize * kernelSize;

/** Of rows and of columns. */
export type Filters = readonly [Filter, Filter];

const filterOf = (stride: number): Filter | undefined => [f43, f421].find((filter) => filter.stride === stride);

/** The algorithms for a convolution, if there are any. */
export function filtersOf({ stride, padding }: Window): Filters | undefined {
  const [rows, columns] = stride.map(filterOf);
  return rows && columns && padding.every((p) => p < kernelSize) ? [rows, columns] : undefined;
}

/** Products of a tile, as [row][column]. */
export const positionsOf = ([rows, columns]: Filters): number => rows.products * columns.products;
/** Different transformed weights of a pair of channels. */
export const weightPositionsOf = ([rows, columns]: Filters): number => rows.weights * columns.weights;

/** Of rows and of columns. */
export type Correlations = readonly [Correlation, Correlation];

export const forwardCorrelations = ([rows, columns]: Filters, { padding }: Window): Correlations => [
  rows.forward(padding[0]),
  columns.forward(padding[1]),
];

export const inputGradientCorrelations = ([rows, columns]: Filters, { padding }: Window): Correlations => [
  rows.inputGradient(padding[0]),
  columns.inputGradient(padding[1]),
];

/** Rows and columns of a tile of the result. */
export const outputsOf = ([rows, columns]: Correlations): readonly [number, number] => [
  rows.output.outputs,
  columns.output.outputs,
];
