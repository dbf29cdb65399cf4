// On maps of a few pixels most of the products of a padded convolution are with padding: on 2x2, a 3x3 kernel meets the image
// with four of its nine taps, whichever pixel it is at. There a correlation is split into several, each of the pixels that use
// the same taps and of no others.
//
//   3x3 on 2x2, top left pixel     . . .
//                                  . a b     a, b, c, d: the image; dots: padding
//                                  . c d

import type { Correlation, Strides } from './correlation.ts';

/** Where a correlation meets its image: pixel i reads, with its first tap, pixel i * stride + first of x. */
export interface Reach {
  /** Rows and columns of x. */
  readonly extent: readonly [number, number];
  readonly first: readonly [number, number];
  readonly stride: readonly [number, number];
}

/** Products with padding that are worth it. */
const worthwhile = 0.2;
/** Each correlation is code of its own. */
const mostCorrelations = 16;

/** The correlations, or what they are split into; their rows are then the images. */
export function splitAtEdges(shapes: readonly Correlation[], reaches: readonly Reach[]): readonly Correlation[] {
  const split = shapes.flatMap((shape, i) => splitOne(shape, reaches[i]));
  const products = (all: readonly Correlation[]): number =>
    all.reduce((sum, { rows, columns, taps }) => sum + rows * columns * taps[0] * taps[1], 0);
  const pays = products(split) <= (1 - worthwhile) * products(shapes) && split.length <= mostCorrelations;
  return pays ? split : shapes;
}

function splitOne(shape: Correlation, { extent, first, stride }: Reach): Correlation[] {
  const { rows, columns, taps, channels, x, y } = shape;
  const columnRuns = runsOf(columns, taps[1], extent[1], first[1], stride[1]);
  // Single rows: only then are images rows.
  const rowRuns = runsOf(rows, taps[0], extent[0], first[0], stride[0]).flatMap((run) =>
    Array.from({ length: run.count }, (_, i) => ({ ...run, first: run.first + i, count: 1 })),
  );
  return rowRuns.flatMap((row) =>
    columnRuns.map((column): Correlation => {
      const moved = (place: Strides): number => place.start + row.first * place.row + column.first * place.column;
      return {
        ...shape,
        rows: row.count,
        columns: column.count,
        taps: [row.taps, column.taps],
        x: { ...x, start: moved(x) + row.firstTap * x.tapRow + column.firstTap * x.tapColumn },
        y: { ...y, start: moved(y) },
        firstStep: shape.firstStep + (row.firstTap * taps[1] + column.firstTap) * channels,
        skippedSteps: (taps[1] - column.taps) * channels,
      };
    }),
  );
}

/** Outputs in a row that meet the input with the same taps. */
interface Run {
  readonly first: number;
  count: number;
  readonly firstTap: number;
  readonly taps: number;
}

function runsOf(outputs: number, taps: number, extent: number, first: number, stride: number): Run[] {
  const runs: Run[] = [];
  for (let i = 0; i < outputs; i++) {
    const start = i * stride + first;
    const firstTap = Math.min(taps, Math.max(0, -start));
    const count = Math.max(0, Math.min(taps, extent - start) - firstTap);
    const last = runs.at(-1);
    if (last && last.firstTap === firstTap && last.taps === count) last.count++;
    else runs.push({ first: i, count: 1, firstTap, taps: count });
  }
  return runs;
}
