// Sums of y and of y^2 over the pixels of each channel, for batch norm: in float32 within a block of tiles, in float64 from block
// to block.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter, Image } from '../../step.ts';
import { f32x4, f64x2, type, v128 } from '../../wasm.ts';
import type { Statistics } from '../convolution.ts';
import { partBytes } from '../pointwise.ts';

const maximumParts = 64;

/** Memory for the sums of as many parts as there are blocks, or fewer. */
export function statisticsOf(e: Emitter, y: Image, blocks: number): Statistics {
  const parts = Math.min(blocks, maximumParts);
  const bytes = parts * partBytes(y.geometry.c);
  return { sums: e.scratch('channel sums', bytes), squares: e.scratch('channel sums of squares', bytes), parts };
}

export function clear(f: FunctionBuilder, start: Local, bytes: number): void {
  const place = f.let(start);
  f.repeat(bytes / vectorBytes, () => {
    f.emit(v128.store(place, f32x4.const(0)));
    f.advance(place, vectorBytes);
  });
}

/** Adds the float32 sums of a block, [2][channel], to float64 rows. */
export function promote(f: FunctionBuilder, sums: Local, rows: readonly Local[], vectors: number): void {
  const source = f.let(sums);
  const lanes = f.local(type.v128);
  for (const row of rows) {
    const target = f.let(row);
    f.repeat(vectors, () => {
      f.set(lanes, v128.load(source));
      const high = f32x4.shuffle(lanes, lanes, [2, 3, 2, 3]);
      f.emit(v128.store(target, f64x2.add(v128.load(target), f64x2.promoteLow(lanes))));
      f.emit(v128.store(target, f64x2.add(v128.load(target, 16), f64x2.promoteLow(high)), 16));
      f.advance(source, vectorBytes);
      f.advance(target, 2 * vectorBytes);
    });
  }
}
