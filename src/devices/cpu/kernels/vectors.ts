// Vectors of channels one behind another, as all kernels meet them: two at a time where the engine makes one instruction of two.

import type { FunctionBuilder, Local } from '../assembler.ts';
import { vectorBytes } from '../geometry.ts';
import type { Emitter } from '../step.ts';
import { type Code, f32x4, v128 } from '../wasm.ts';

/** One of the vectors that are computed side by side. */
export interface Copy {
  readonly index: number;
  /** From the first, in bytes. */
  readonly offset: number;
}

const one: readonly Copy[] = [{ index: 0, offset: 0 }];
const pair: readonly Copy[] = [...one, { index: 1, offset: vectorBytes }];

/** Some code for `size` of `total` things at a time, and for those left. */
export function inPieces(f: FunctionBuilder, total: number, size: number, body: (count: number) => void): void {
  if (size > 0 && total >= size) f.repeat(Math.floor(total / size), () => body(size));
  if (size > 0 && total % size > 0) body(total % size);
}

/** A loop over pairs of vectors, and over the vectors left; over single ones where pairs gain nothing. */
export function forEachPair(
  e: Emitter,
  f: FunctionBuilder,
  vectors: number,
  body: (copies: readonly Copy[]) => void,
): void {
  const pairs = e.wide ? Math.floor(vectors / 2) : 0;
  const singles = vectors - 2 * pairs;
  if (pairs > 0) f.repeat(pairs, () => body(pair));
  if (singles > 0) f.repeat(singles, () => body(one));
}

/**
 * A loop over vectors.
 *
 * @param body what to do with one; it is written for a pair in lockstep: see FunctionBuilder.lockstep
 * @param advance moves pointers on by some bytes
 */
export function forEachVector(
  e: Emitter,
  f: FunctionBuilder,
  vectors: number,
  body: (copy: Copy) => void,
  advance: (bytes: number) => void,
): void {
  forEachPair(e, f, vectors, (copies) => {
    f.lockstep(copies.length, (index) => body(copies[index]));
    advance(copies.length * vectorBytes);
  });
}

/** A square of 4 x 4 numbers, turned about its diagonal. */
export function transposed(f: FunctionBuilder, [a, b, c, d]: readonly Code[]): Code[] {
  return (
    [
      [0, 4, 1, 5],
      [2, 6, 3, 7],
    ] as const
  ).flatMap((lanes) => {
    const [left, right] = [f.vector(f32x4.shuffle(a, b, lanes)), f.vector(f32x4.shuffle(c, d, lanes))];
    return [f32x4.shuffle(left, right, [0, 1, 4, 5]), f32x4.shuffle(left, right, [2, 3, 6, 7])];
  });
}

/** Sets memory to 0. */
export function clear(e: Emitter, f: FunctionBuilder, start: Local, bytes: number): void {
  const place = f.let(start);
  const store = ({ offset }: Copy): void => f.emit(v128.store(place, f32x4.const(0), offset));
  forEachVector(e, f, bytes / vectorBytes, store, (done) => f.advance(place, done));
}
