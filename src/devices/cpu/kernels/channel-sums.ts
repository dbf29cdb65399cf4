// Sums over the pixels of each channel, for batch norm: in float32 over a few pixels, in float64 from there on. Work is dealt out
// to a fixed number of parts, each with a row of its own, [part][channel] in float64; reduction.ts adds the rows up.

import type { FunctionBuilder, Local } from '../assembler.ts';
import { vectorBytes } from '../geometry.ts';
import type { Emitter } from '../step.ts';
import { type Code, f32x4, f64x2, v128 } from '../wasm.ts';
import type { Statistics } from './convolution.ts';
import { type Copy, forEachVector } from './vectors.ts';

/** Bytes of the row of one part. */
export const partBytes = (channels: number): number => Math.ceil(channels / 4) * 4 * 8;

/** Memory for the sums of y and of y^2. */
export function statisticsOf(e: Emitter, channels: number, parts: number): Statistics {
  const rows = (name: string) => e.scratch(name, parts * partBytes(channels));
  return { sums: rows('channel sums'), squares: rows('channel sums of squares'), parts };
}

/** Adds float32 sums of four channels to the float64 sums of these, `offset` bytes from the beginning of a row. */
export function promote(f: FunctionBuilder, row: Local, offset: number, sums: Code): void {
  const lanes = f.vector(sums);
  const halves = [lanes, f32x4.shuffle(lanes, lanes, [2, 3, 2, 3])];
  const place = (half: number): number => offset + half * vectorBytes;
  const totals = halves.map((half, k) => f.vector(f64x2.add(v128.load(row, place(k)), f64x2.promoteLow(half))));
  totals.forEach((total, k) => {
    f.emit(v128.store(row, total, place(k)));
  });
}

/** Adds float32 sums, [row][column][channel], to rows. */
export function promoteRows(
  e: Emitter,
  f: FunctionBuilder,
  sums: Local,
  rows: readonly Local[],
  vectors: number,
  columns = 1,
): void {
  const source = f.let(sums);
  const targets = rows.map((row) => f.let(row));
  const add = ({ offset }: Copy): void => {
    targets.forEach((target, i) => {
      const column = (k: number): Code => v128.load(source, (i * columns + k) * vectors * vectorBytes + offset);
      let total = column(0);
      for (let k = 1; k < columns; k++) total = f32x4.add(total, column(k));
      promote(f, target, 2 * offset, total);
    });
  };
  forEachVector(e, f, vectors, add, (bytes) => {
    f.advance(source, bytes);
    for (const target of targets) f.advance(target, 2 * bytes);
  });
}
