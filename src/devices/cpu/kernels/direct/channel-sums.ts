// Sums of y and of y^2 over the pixels of some channels, for batch norm: taken row by row while a unit's rows are still in
// the first cache level, in float32 within a row and in float64 from row to row.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter } from '../../step.ts';
import { type Code, f32x4, type, v128 } from '../../wasm.ts';
import { promote } from '../channel-sums.ts';
import { widthOf } from '../tile.ts';
import { inPieces } from '../vectors.ts';

interface Rows {
  /** The first pixel. */
  readonly y: Local;
  readonly rows: Local;
  readonly columns: number;
  readonly strides: { readonly row: number; readonly column: number };
}

/** Sums, and as many of squares, in registers. */
const mostSums = 4;

/** Memory that addChannelSums works in. */
export const workBytes = 2 * (mostSums + 1) * 2 * vectorBytes;

/** Of a row: neighbouring pixels are added to different sums where there are enough of them. */
const lanesOf = (rows: number, columns: number): number => (rows * columns >= 4 && columns > 1 ? 2 : 1);

/**
 * Adds the pixels of some rows to the sums.
 *
 * @param places of the float64 sums of y, and of y^2
 * @param work memory of workBytes
 * @param allRows of which these are some
 */
export function addChannelSums(
  e: Emitter,
  f: FunctionBuilder,
  places: readonly Local[],
  vectors: number,
  pixels: Rows,
  work: Local,
  allRows: number,
): void {
  const lanes = lanesOf(allRows, pixels.columns);
  const size = (mostSums / lanes) * widthOf(e);
  for (let first = 0; first < vectors; first += size) {
    addSome(e, f, places, { first, count: Math.min(size, vectors - first), lanes }, pixels, work);
  }
}

function addSome(
  e: Emitter,
  f: FunctionBuilder,
  places: readonly Local[],
  { first, count, lanes }: { readonly first: number; readonly count: number; readonly lanes: number },
  { y, rows, columns, strides }: Rows,
  work: Local,
): void {
  const pixel = f.let(y);
  const [sums, squares] = [f.vectors(lanes * count), f.vectors(lanes * count)];
  const value = f.local(type.v128);
  const add = (pixels: number): void => {
    for (let k = 0; k < pixels * count; k++) {
      f.set(value, v128.load(pixel, Math.floor(k / count) * strides.column + (first + (k % count)) * vectorBytes));
      f.set(sums[k], f32x4.add(sums[k], value));
      f.set(squares[k], e.madd(value, value, squares[k]));
    }
    f.advance(pixel, pixels * strides.column);
  };
  f.repeat(rows, () => {
    for (const sum of [...sums, ...squares]) f.set(sum, f32x4.const(0));
    inPieces(f, columns, lanes, add);
    const totals = [sums, squares].map((quantity) =>
      quantity.slice(0, count).map((one, v) => {
        const other = quantity[v + count];
        return other ? f.vector(f32x4.add(one, other)) : one;
      }),
    );
    const held = widthOf(e) === 1 ? totals : stored(f, work, totals);
    held.forEach((quantity, i) => {
      quantity.forEach((total, v) => {
        promote(f, places[i], 2 * (first + v) * vectorBytes, total);
      });
    });
    f.advance(pixel, strides.row - columns * strides.column);
  });
}

/** The totals by way of memory: it is from stores on that the engine looks for neighbours that can share a register. */
function stored(f: FunctionBuilder, work: Local, totals: readonly (readonly Local[])[]): Code[][] {
  return totals.map((quantity, i) => {
    // A gap after each kind, or its last would be the next one's neighbour.
    const place = (v: number): number => (i * (quantity.length + 1) + v) * vectorBytes;
    quantity.forEach((total, v) => {
      f.emit(v128.store(work, total, place(v)));
    });
    return quantity.map((_, v) => v128.load(work, place(v)));
  });
}
