// The matrix products of Winograd's method, one a position: [tile][in] x [in][out] forward, and [in][tile] x [tile][out] for the
// weight gradient. Blocks are 4 x 8: eight accumulators, two vectors and four spread numbers fill the sixteen registers. Where
// two vectors make one register, they are 4 x 16.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter } from '../../step.ts';
import { type Code, i32, select, v128 } from '../../wasm.ts';
import { Tile } from '../tile.ts';
import { inPieces } from '../vectors.ts';
import type { Filters } from './filters.ts';

const rowsAtATime = 4;
/** Vectors of channels out: the weights' group. */
export const vectorsAGroup = ({ wide }: Emitter): number => (wide ? 4 : 2);

/**
 * Channels that are added up from 0. Long sums in float32 round more: with 512 channels in one run the result is off by 1.5e-5 of
 * its largest number, in runs of 64 by 4e-6, hardly more than with 64 channels.
 */
const channelsARun = 64;

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
      inPieces(f, outVectors, vectorsAGroup(e), (vectors) => {
        const [place, into] = [f.let(left), f.let(out)];
        f.repeat(quads, () => {
          const tile = new Tile(e, f, rowsAtATime, vectors);
          const [x, w] = [f.let(place), f.let(right)];
          const offset = (row: number, v: number): number => row * outBytes + v * vectorBytes;
          const run = (channels: number): void =>
            tile.accumulate(() =>
              tile.run(
                channels,
                (k) =>
                  tile.step(
                    (row) => v128.load32Splat(x, row * inBytes + k * 4),
                    (v) => v128.load(w, (k * vectors + v) * vectorBytes),
                  ),
                (count) => {
                  f.advance(x, count * 4);
                  f.advance(w, count * vectors * vectorBytes);
                },
              ),
            );
          const first = Math.min(inChannels, channelsARun);
          run(first);
          tile.store(into, offset);
          inPieces(f, inChannels - first, channelsARun, (channels) => {
            run(channels);
            tile.add(into, offset);
          });
          f.advance(place, rowsAtATime * inBytes);
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
  const row = f.least(i32.divU(position, columns.products), rows.weights - 1);
  return i32.add(i32.mul(row, columns.weights), f.least(i32.remU(position, columns.products), columns.weights - 1));
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
            inPieces(f, outVectors, vectorsAGroup(e), (vectors) => {
              const tile = new Tile(e, f, rowsAtATime, vectors);
              const [x, dy] = [f.let(xChannels), f.let(dyChannels)];
              const run = (): void =>
                tile.run(
                  tiles,
                  (k) =>
                    tile.step(
                      (i) => v128.load32Splat(x, k * inBytes + i * 4),
                      (v) => v128.load(dy, k * outBytes + v * vectorBytes),
                    ),
                  (count) => {
                    f.advance(x, count * inBytes);
                    f.advance(dy, count * outBytes);
                  },
                );
              tile.accumulate(() => {
                if (columns.products === columns.weights) run();
                else {
                  f.repeat(runs, () => {
                    run();
                    f.advance(x, i32.sub(inStride, i32.mul(tiles, inBytes)));
                    f.advance(dy, i32.sub(outStride, i32.mul(tiles, outBytes)));
                  });
                }
              });
              const offset = (row: number, v: number): number => row * outBytes + v * vectorBytes;
              f.if(
                adds,
                () => tile.add(out, offset),
                () => tile.store(out, offset),
              );
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
