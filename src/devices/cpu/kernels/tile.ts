// A tile: the sums that a kernel keeps in registers while it runs through what is added up. It is as many rows (pixels, or
// pairs of a weight's place and channel) times vectors of output channels as registers hold; a step adds, to each of them,
// a row's number times a vector of weights (or of the upstream gradient).
//
//   sums[r, v] += spread(row r) * vector v        8 sums, 4 spread numbers, 2 vectors: 14 of 16 registers
//
// Where two neighbouring vectors share a register (Emitter.wide), tiles have the same rows and twice the vectors.
//
// Steps are kept apart by scheduling boundaries, or V8 would move the loads of several before their arithmetic and spill.

import type { FunctionBuilder, Local } from '../assembler.ts';
import type { Emitter } from '../step.ts';
import { type Code, f32x4, i32, v128 } from '../wasm.ts';
import { inPieces } from './vectors.ts';

/** Vectors that a register holds. */
export type Width = 1 | 2;

export const widthOf = ({ wide }: Emitter): Width => (wide ? 2 : 1);

const registersOf = (vectors: number, width: Width): number => Math.ceil(vectors / width);

/** How many rows make a tile for a number of vectors: enough independent sums to hide the latency of an addition. */
export function rowsFor(vectors: number, width: Width): number {
  const across = registersOf(vectors, width);
  return across >= 5 ? 1 : Math.floor(8 / across) + (across === 3 ? 1 : 0);
}

/** The most vectors that a tile may have where there are only so many rows. */
export const vectorsFor = (rows: number, width: Width): number => width * (rows >= 4 ? 2 : rows >= 2 ? 4 : 8);

/** count = repeated * size + larger * (size + 1) + rest */
export interface Cut {
  readonly size: number;
  readonly repeated: number;
  readonly larger: number;
  readonly rest: number;
}

/** Cuts rows into tiles. Where possible no small tile is left over: it has few sums, and its additions wait for each other. */
export function cutRows(count: number, vectors: number, width: Width): Cut {
  const size = rowsFor(vectors, width);
  const [whole, rest] = [Math.floor(count / size), count % size];
  if (registersOf(vectors, width) === 2 && rest <= 2 && whole >= rest)
    return { size, repeated: whole - rest, larger: rest, rest: 0 };
  return { size, repeated: whole, larger: 0, rest };
}

/** Where rows of a tile lie in a plane: how many lines of so few columns make a tile. */
export const linesFor = (columns: number, vectors: number, width: Width): number =>
  registersOf(vectors, width) === 2 && columns === 3 ? 2 : Math.max(1, Math.floor(rowsFor(vectors, width) / columns));

export class Tile {
  readonly #e: Emitter;
  readonly #f: FunctionBuilder;
  readonly #rows: number;
  readonly #vectors: number;
  readonly #width: Width;
  readonly #sums: readonly Local[];
  readonly #loaded: readonly Local[];
  readonly #spread: readonly Local[];

  constructor(e: Emitter, f: FunctionBuilder, rows: number, vectors: number) {
    this.#e = e;
    this.#f = f;
    this.#rows = rows;
    this.#vectors = vectors;
    this.#width = widthOf(e);
    this.#sums = f.vectors(rows * vectors);
    this.#loaded = f.vectors(vectors);
    this.#spread = f.vectors(rows);
  }

  /** Sets all sums to 0 and runs the body, at whose end the sums are complete. */
  accumulate(body: () => void): void {
    for (const sum of this.#sums) this.#f.set(sum, f32x4.const(0));
    this.#f.schedulingRegion(body);
  }

  /** Where a step's operands don't all fit beside the sums, they are loaded a few at a time. */
  step(spread: (row: number) => Code, vector: (index: number) => Code): void {
    const f = this.#f;
    const across = registersOf(this.#vectors, this.#width);
    const free = registers - this.#rows * across;
    const byRows = this.#rows >= across;
    const [outer, inner] = byRows ? [this.#spread, this.#loaded] : [this.#loaded, this.#spread];
    const [loadOuter, loadInner] = byRows ? [spread, vector] : [vector, spread];
    inner.forEach((local, i) => {
      f.set(local, loadInner(i));
    });
    const [all, beside] = byRows ? [this.#rows, across] : [across, this.#rows];
    const pieces = Math.ceil(all / Math.max(1, free - beside));
    const size = Math.ceil(all / pieces) * (byRows ? 1 : this.#width);
    for (let start = 0; start < outer.length; start += size) {
      const piece = outer.slice(start, start + size);
      piece.forEach((local, i) => {
        f.set(local, loadOuter(start + i));
      });
      for (let i = start; i < start + piece.length; i++) {
        for (let j = 0; j < inner.length; j++) {
          const [row, v] = byRows ? [i, j] : [j, i];
          const sum = this.#sums[row * this.#vectors + v];
          f.set(sum, this.#e.madd(this.#spread[row], this.#loaded[v], sum));
        }
      }
      f.schedulingBoundary();
    }
  }

  /** `length` steps one behind the other, a few at a time; `step` is told its place among these. */
  run(length: number | Local, step: (k: number) => void, advance: (steps: number) => void): void {
    const f = this.#f;
    const group = (count: number): void => {
      for (let k = 0; k < count; k++) step(k);
      advance(count);
    };
    if (typeof length === 'number') {
      inPieces(f, length, length < 2 * stepsAtATime ? length : stepsAtATime, group);
      return;
    }
    const [whole, rest] = [f.let(i32.divU(length, stepsAtATime)), f.let(i32.remU(length, stepsAtATime))];
    f.if(whole, () => f.repeat(whole, () => group(stepsAtATime)));
    f.if(rest, () => f.repeat(rest, () => group(1)));
  }

  /**
   * Stores what becomes of each sum. All of a row is computed before any of it is stored, so that neighbours are side by side.
   *
   * @param offset from the place, in bytes
   */
  store(
    place: Local,
    offset: (row: number, vector: number) => number,
    result: (sum: Local, offset: number, vector: number) => Code = (sum) => sum,
  ): void {
    const f = this.#f;
    for (let row = 0; row < this.#rows; row++) {
      const sums = this.#sums.slice(row * this.#vectors, (row + 1) * this.#vectors);
      const results = sums.map((sum, v) => f.vector(result(sum, offset(row, v), v)));
      results.forEach((value, v) => {
        f.emit(v128.store(place, value, offset(row, v)));
      });
      // Or the vector left over would be taken for the neighbour of the next row's first.
      if (this.#width > 1 && this.#vectors % this.#width > 0) f.schedulingBoundary();
    }
  }

  /** Adds the sums to what is in memory. */
  add(place: Local, offset: (row: number, vector: number) => number): void {
    this.store(place, offset, (sum, at) => f32x4.add(v128.load(place, at), sum));
  }
}

const stepsAtATime = 4;
/** V8 keeps one of the sixteen to itself. */
const registers = 15;
