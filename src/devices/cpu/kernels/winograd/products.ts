// The 36 matrix products of Winograd's method: [tile][in] x [in][out] forward, and [in][tile] x [tile][out] for the weight
// gradient. Blocks are 4 x 8: eight accumulators, two vectors and four spread numbers fill the sixteen registers.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter } from '../../step.ts';
import { f32x4, i32, type, v128 } from '../../wasm.ts';

const rowsAtATime = 4;
/** Vectors of channels out: the weights' group. */
export const vectorsAtATime = 2;

/** Groups of two vectors (8 channels), the last perhaps of one. */
export function forEachGroup(f: FunctionBuilder, vectors: number, body: (vectors: number) => void): void {
  const whole = Math.floor(vectors / vectorsAtATime);
  if (whole > 0) f.repeat(whole, () => body(vectorsAtATime));
  if (vectors % vectorsAtATime > 0) body(vectors % vectorsAtATime);
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
  /** Vectors of channels of each tile, in and out. */
  readonly inVectors: number;
  readonly outVectors: number;
  /** Channels in that are not padding. */
  readonly inChannels: number;
  readonly inStride: number;
  readonly outStride: number;
}

/**
 * Parameters: input [position][tile][in], weights [position][group][in][8], result [position][tile][out], number of tiles,
 * first position, end. Tiles are taken in fours: the memory must be there up to the next multiple.
 */
export function forwardProducts(e: Emitter, shape: ProductShape) {
  const { inVectors, outVectors, inChannels, inStride, outStride } = shape;
  const [inBytes, outBytes] = [inVectors * vectorBytes, outVectors * vectorBytes];
  return e.module.once(`winograd products ${JSON.stringify(shape)}`, () =>
    e.module.function(
      'winograd products',
      Array<typeof type.i32>(6).fill(type.i32),
      (f, input, weights, result, tiles, from, to) => {
        const quads = f.let(i32.shrU(i32.add(tiles, rowsAtATime - 1), 2));
        f.for(from, to, (position) => {
          const left = f.let(i32.add(input, i32.mul(position, inStride)));
          const out = f.let(i32.add(result, i32.mul(position, outStride)));
          const right = f.let(i32.add(weights, i32.mul(position, weightStride(inChannels, outVectors))));
          forEachGroup(f, outVectors, (vectors) => {
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
                block.sums.forEach((sum, k) => {
                  const place = Math.floor(k / vectors) * outBytes + (k % vectors) * vectorBytes;
                  f.emit(v128.store(into, adds ? f32x4.add(v128.load(into, place), sum) : sum, place));
                });
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
      },
    ),
  );
}

/**
 * Parameters: input [position][tile][in], upstream [position][tile][out], sums [position][in][out], number of tiles, first
 * position, end, and whether to add to the sums.
 */
export function gradientProducts(e: Emitter, shape: ProductShape) {
  const { inVectors, outVectors, inStride, outStride } = shape;
  const [inBytes, outBytes] = [inVectors * vectorBytes, outVectors * vectorBytes];
  return e.module.once(`winograd gradient products ${JSON.stringify(shape)}`, () =>
    e.module.function(
      'winograd gradient products',
      Array<typeof type.i32>(7).fill(type.i32),
      (f, input, upstream, sums, tiles, from, to, adds) => {
        f.for(from, to, (position) => {
          const left = f.let(i32.add(input, i32.mul(position, inStride)));
          const into = f.let(i32.add(sums, i32.mul(position, sumStride(inVectors, outVectors))));
          f.repeat(inVectors, () => {
            const right = f.let(i32.add(upstream, i32.mul(position, outStride)));
            const out = f.let(into);
            forEachGroup(f, outVectors, (vectors) => {
              const block = new Block(e, f, rowsAtATime, vectors);
              const place = (k: number): number => Math.floor(k / vectors) * outBytes + (k % vectors) * vectorBytes;
              for (const sum of block.sums) f.set(sum, f32x4.const(0));
              const [x, dy] = [f.let(left), f.let(right)];
              const steps = (count: number): void => {
                for (let k = 0; k < count; k++) block.step(x, (row) => k * inBytes + row * 4, dy, k * outBytes);
                f.advance(x, count * inBytes);
                f.advance(dy, count * outBytes);
              };
              f.schedulingRegion(() => {
                const fours = f.let(i32.shrU(tiles, 2));
                f.if(fours, () => f.repeat(fours, () => steps(4)));
                const rest = f.let(i32.and(tiles, 3));
                f.if(rest, () => f.repeat(rest, () => steps(1)));
              });
              f.if(adds, () => {
                block.sums.forEach((sum, k) => {
                  f.set(sum, f32x4.add(v128.load(out, place(k)), sum));
                });
              });
              block.sums.forEach((sum, k) => {
                f.emit(v128.store(out, sum, place(k)));
              });
              f.advance(right, vectors * vectorBytes);
              f.advance(out, vectors * vectorBytes);
            });
            f.advance(left, rowsAtATime * 4);
            f.advance(into, rowsAtATime * outBytes);
          });
        });
      },
    ),
  );
}
