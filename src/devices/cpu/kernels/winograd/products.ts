// The matrix products of Winograd's method, one a position: [tile][in] x [in][out] forward, and [in][tile] x [tile][out] for the
// weight gradient. Blocks are 4 x 8: eight accumulators, two vectors and four spread numbers fill the sixteen registers. Where
// two vectors make one register, they are 4 x 16.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter } from '../../step.ts';
import { type Code, f32x4, i32, select, type, v128 } from '../../wasm.ts';
import type { Filters } from './filters.ts';

const rowsAtATime = 4;
/** Vectors of channels out: the weights' group. */
export const vectorsAGroup = ({ wide }: Emitter): number => (wide ? 4 : 2);

/** Groups of vectors, the last perhaps of fewer. */
function forEachGroup(e: Emitter, f: FunctionBuilder, vectors: number, body: (vectors: number) => void): void {
  const size = vectorsAGroup(e);
  const whole = Math.floor(vectors / size);
  if (whole > 0) f.repeat(whole, () => body(size));
  if (vectors % size > 0) body(vectors % size);
}

/**
 * Channels that are added up from 0. Long sums in float32 round more: with 512 channels in one run the result is off by 1.5e-5 of
 * its largest number, in runs of 64 by 4e-6, hardly more than with 64 channels.
 */
const channelsARun = 64;

/** Eight sums in registers, and one step of them: some vectors times some spread numbers. */
class Block {
  readonly sums: readonly Local[];
  readonly #e: Emitter;
  readonly #f: FunctionBuilder;
  readonly #spread: readonly Local[];
  readonly #loaded: readonly Local[];

  constructor(e: Emitter, f: FunctionBuilder, rows: number, vectors: number) {
    this.#e = e;
    this.#f = f;
    this.sums = f.locals(rows * vectors, type.v128);
    this.#spread = f.locals(rows, type.v128);
    this.#loaded = f.locals(vectors, type.v128);
  }

  step(left: Local, leftOffset: (row: number) => number, right: Local, rightOffset: number): void {
    const f = this.#f;
    const count = this.#loaded.length;
    this.#loaded.forEach((vector, v) => {
      f.set(vector, v128.load(right, rightOffset + v * vectorBytes));
    });
    this.#spread.forEach((vector, row) => {
      f.set(vector, v128.load32Splat(left, leftOffset(row)));
    });
    this.sums.forEach((sum, k) => {
      f.set(sum, this.#e.madd(this.#spread[Math.floor(k / count)], this.#loaded[k % count], sum));
    });
    f.schedulingBoundary();
  }
}

/** `total` steps, some of them written out at a time. */
function unrolledSteps(f: FunctionBuilder, total: number, atATime: number, steps: (count: number) => void): void {
  if (total >= atATime) f.repeat(Math.floor(total / atATime), () => steps(atATime));
  if (total % atATime > 0) steps(total % atATime);
}

/** Bytes from one position to the next; 64 more than it takes, or positions would fall on the same cache sets. */
const apart = (bytes: number): number => bytes + 64;

/** Of [tile][channel]. */
export const tileStride = (tiles: number, vectors: number): number => apart(tiles * vectors * vectorBytes);
/** Of transformed weights. */
export const weightStride = (inChannels: number, outVectors: number): number =>
  apart(inChannels * outVectors * vectorBytes);
/** Of the sums of the weight gradient. */
export const sumStride = (inVectors: number, outVectors: number): number =>
  apart(inVectors * 4 * outVectors * vectorBytes);

export interface ProductShape {
  readonly filters: Filters;
  /** Vectors of channels of each tile, in and out. */
  readonly inVectors: number;
  readonly outVectors: number;
  /** Of which outVectors are taken, some whole groups; as many by default. */
  readonly allOutVectors?: number;
  /** Channels in that are not padding. */
  readonly inChannels: number;
  readonly inStride: number;
  readonly outStride: number;
}

/**
 * Parameters: input [position][tile][in], weights [weight position][group][in][group's out], result [position][tile][out], number of tiles,
 * first position, end. Tiles are taken in fours: the memory must be there up to the next multiple.
 */
export function forwardProducts(e: Emitter, shape: ProductShape) {
  const { filters, inVectors, outVectors, allOutVectors = outVectors, inChannels, inStride, outStride } = shape;
  const [inBytes, outBytes] = [inVectors * vectorBytes, outVectors * vectorBytes];
  return e.module.once('winograd products', shape, 6, (f, input, weights, result, tiles, from, to) => {
    const quads = f.let(i32.shrU(i32.add(tiles, rowsAtATime - 1), 2));
    f.for(from, to, (position) => {
      const left = f.let(i32.add(input, i32.mul(position, inStride)));
      const out = f.let(i32.add(result, i32.mul(position, outStride)));
      const weight = weightOf(f, filters, position);
      const right = f.let(i32.add(weights, i32.mul(weight, weightStride(inChannels, allOutVectors))));
      forEachGroup(e, f, outVectors, (vectors) => {
        const [tile, into] = [f.let(left), f.let(out)];
        f.repeat(quads, () => {
          const block = new Block(e, f, rowsAtATime, vectors);
          const [x, w] = [f.let(tile), f.let(right)];
          const run = (channels: number, adds: boolean): void => {
            for (const sum of block.sums) f.set(sum, f32x4.const(0));
            f.schedulingRegion(() =>
              unrolledSteps(f, channels, 8, (count) => {
                for (let k = 0; k < count; k++) {
                  block.step(x, (row) => row * inBytes + k * 4, w, k * vectors * vectorBytes);
                }
                f.advance(x, count * 4);
                f.advance(w, count * vectors * vectorBytes);
              }),
            );
            // Row by row: a pair of stores must follow the loads of both.
            for (let row = 0; row < rowsAtATime; row++) {
              const sums = block.sums.slice(row * vectors, (row + 1) * vectors);
              const place = (v: number): number => row * outBytes + v * vectorBytes;
              for (const [v, sum] of adds ? sums.entries() : []) f.set(sum, f32x4.add(v128.load(into, place(v)), sum));
              for (const [v, sum] of sums.entries()) f.emit(v128.store(into, sum, place(v)));
            }
          };
          const first = Math.min(inChannels, channelsARun);
          const more = inChannels - first;
          run(first, false);
          if (more >= channelsARun) f.repeat(Math.floor(more / channelsARun), () => run(channelsARun, true));
          if (more % channelsARun > 0) run(more % channelsARun, true);
          f.advance(tile, rowsAtATime * inBytes);
          f.advance(into, rowsAtATime * outBytes);
        });
        f.advance(right, inChannels * vectors * vectorBytes);
        f.advance(out, vectors * vectorBytes);
      });
    });
  });
}

/** The weight position of a product's position: along each axis, the last is that of all further products. */
function weightOf(f: FunctionBuilder, [rows, columns]: Filters, position: Local): Code {
  if (rows.weights === rows.products && columns.weights === columns.products) return position;
  const least = (value: Code, limit: number): Code => {
    const held = f.let(value);
    return select(i32.gtS(held, limit), i32.const(limit), held);
  };
  const row = least(i32.divU(position, columns.products), rows.weights - 1);
  return i32.add(i32.mul(row, columns.weights), least(i32.remU(position, columns.products), columns.weights - 1));
}

/**
 * Parameters: input [position][tile][in], upstream [position][tile][out], sums [weight position][in][out], number of tiles, first
 * weight position, end, and whether to add to the sums.
 */
export function gradientProducts(e: Emitter, shape: ProductShape) {
  const { filters, inVectors, outVectors, inStride, outStride } = shape;
  const [inBytes, outBytes] = [inVectors * vectorBytes, outVectors * vectorBytes];
  const [rows, columns] = filters;
  /** How many products in a row share a weight. */
  const shared = ({ products, weights }: Filters[number], weight: Code): Code =>
    select(i32.eq(weight, weights - 1), i32.const(products - weights + 1), i32.const(1));
  return e.module.once(
    'winograd gradient products',
    shape,
    7,
    (f, input, upstream, sums, tiles, from, to, addsAtFirst) => {
      const fours = f.let(i32.shrU(tiles, 2));
      const rest = f.let(i32.and(tiles, 3));
      f.for(from, to, (weight) => {
        const [row, column] = [f.let(i32.divU(weight, columns.weights)), f.let(i32.remU(weight, columns.weights))];
        const position = f.let(i32.add(i32.mul(row, columns.products), column));
        const runs = f.let(shared(columns, column));
        const left = f.let(i32.add(input, i32.mul(position, inStride)));
        const right = f.let(i32.add(upstream, i32.mul(position, outStride)));
        const into = f.let(i32.add(sums, i32.mul(weight, sumStride(inVectors, outVectors))));
        const adds = f.let(addsAtFirst);
        f.repeat(rows.products === rows.weights ? 1 : shared(rows, row), () => {
          const [xChannels, outRow] = [f.let(left), f.let(into)];
          f.repeat(inVectors, () => {
            const [dyChannels, out] = [f.let(right), f.let(outRow)];
            forEachGroup(e, f, outVectors, (vectors) => {
              const block = new Block(e, f, rowsAtATime, vectors);
              const place = (k: number): number => Math.floor(k / vectors) * outBytes + (k % vectors) * vectorBytes;
              for (const sum of block.sums) f.set(sum, f32x4.const(0));
              const [x, dy] = [f.let(xChannels), f.let(dyChannels)];
              const steps = (count: number): void => {
                for (let k = 0; k < count; k++) block.step(x, (i) => k * inBytes + i * 4, dy, k * outBytes);
                f.advance(x, count * inBytes);
                f.advance(dy, count * outBytes);
              };
              const run = (): void => {
                f.if(fours, () => f.repeat(fours, () => steps(4)));
                f.if(rest, () => f.repeat(rest, () => steps(1)));
              };
              f.schedulingRegion(() => {
                if (columns.products === columns.weights) run();
                else {
                  f.repeat(runs, () => {
                    run();
                    f.advance(x, i32.sub(i32.const(inStride), i32.mul(tiles, inBytes)));
                    f.advance(dy, i32.sub(i32.const(outStride), i32.mul(tiles, outBytes)));
                  });
                }
              });
              f.if(adds, () => {
                block.sums.forEach((sum, k) => {
                  f.set(sum, f32x4.add(v128.load(out, place(k)), sum));
                });
              });
              block.sums.forEach((sum, k) => {
                f.emit(v128.store(out, sum, place(k)));
              });
              f.advance(dyChannels, vectors * vectorBytes);
              f.advance(out, vectors * vectorBytes);
            });
            f.advance(xChannels, rowsAtATime * 4);
            f.advance(outRow, rowsAtATime * outBytes);
          });
          f.set(adds, i32.const(1));
          f.advance(left, columns.products * inStride);
          f.advance(right, columns.products * outStride);
        });
      });
    },
  );
}
