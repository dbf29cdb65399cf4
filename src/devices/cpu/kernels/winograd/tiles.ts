// How a map is cut into tiles, and what happens to a run of tiles: patches of the input, or tiles of the upstream gradient, go
// to [position][tile][channel]; products come back from there.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { type Geometry, vectorBytes } from '../../geometry.ts';
import type { Emitter } from '../../step.ts';
import { type Code, drop, f32x4, i32, v128 } from '../../wasm.ts';
import { buffersOf, type Epilogue, EpilogueWriter, epilogueKey } from '../epilogue.ts';
import { type Copy, forEachVector } from '../vectors.ts';
import type { Correlations } from './filters.ts';
import { type Transforms, transform2d } from './transforms.ts';

/** Tiles over a map. */
export interface Tiling {
  readonly rows: number;
  readonly columns: number;
  /** Of all images. */
  readonly count: number;
}

export type Extents = readonly [number, number];

export function tilingOf(map: { readonly n: number; readonly h: number; readonly w: number }, tile: Extents): Tiling {
  const [rows, columns] = [Math.ceil(map.h / tile[0]), Math.ceil(map.w / tile[1])];
  return { rows, columns, count: map.n * rows * columns };
}

interface Place {
  /** Of the tile's first pixel. */
  readonly address: Code;
  readonly row: Local;
  readonly column: Local;
}

/** For each tile of a run, its number in the run and its place in the images, `step` pixels from the next. */
function forEachTile(
  f: FunctionBuilder,
  tiling: Tiling,
  g: Geometry,
  step: Extents,
  start: Code,
  run: { readonly first: Local; readonly count: Local },
  body: (index: Local, place: Place) => void,
): void {
  f.for(0, run.count, (index) => {
    const tile = f.let(i32.add(run.first, index));
    const image = f.let(i32.divU(tile, tiling.rows * tiling.columns));
    const rest = f.let(i32.remU(tile, tiling.rows * tiling.columns));
    const row = f.let(i32.divU(rest, tiling.columns));
    const column = f.let(i32.remU(rest, tiling.columns));
    const inImage = i32.add(i32.mul(row, step[0] * g.rowBytes), i32.mul(column, step[1] * g.pixelBytes));
    body(index, { address: i32.add(start, i32.mul(image, g.imageBytes), inImage), row, column });
  });
}

/** Transforms of the tiles of images, from or to [position][tile][channel]. */
export interface TileTransforms {
  readonly transforms: Transforms;
  /** Pixels from one tile to the next. */
  readonly step: Extents;
  readonly tiling: Tiling;
  readonly geometry: Geometry;
  /** Bytes from the images' buffer to the first pixel of the first tile. */
  readonly start: number;
  /** Vectors of channels that are taken; all by default. */
  readonly vectors?: number;
  /** Bytes from one position to the next. */
  readonly stride: number;
}

/** The patches that a correlation of images reads. */
export const patchesOf = (
  g: Geometry,
  [rows, columns]: Correlations,
  tiling: Tiling,
  stride: number,
): TileTransforms => ({
  transforms: [rows.input, columns.input],
  step: [rows.step, columns.step],
  tiling,
  geometry: g,
  start: g.origin - rows.before * g.rowBytes - columns.before * g.pixelBytes,
  stride,
});

const lineBytes = 64;

/**
 * Loads a number from each cache line of a run of tiles. What is far away then comes at the speed of the memory, many lines at
 * once; transforms ask for few lines at a time and wait for them. It pays for what is written, too: a line that is stored to is
 * read first. A training step is 5 % faster for it.
 *
 * @param rows of a tile, all of which are in memory if the map isn't `clipped`
 */
function touch(
  f: FunctionBuilder,
  { tiling, geometry: g, step }: TileTransforms,
  start: Code,
  run: { readonly first: Local; readonly count: Local },
  { rows, clipped }: { readonly rows: number; readonly clipped: boolean },
): void {
  const [wholeRows, wholeColumns] = [clipped && g.h % step[0] > 0 ? g.h % step[0] : rows, step[1]];
  forEachTile(f, tiling, g, step, start, run, (_, { address, row, column }) => {
    const line = f.let(address);
    const height = f.let(i32.sub(g.h, i32.mul(row, step[0])));
    const width = f.let(i32.sub(g.w, i32.mul(column, step[1])));
    const columns = clipped ? f.least(width, wholeColumns) : wholeColumns;
    const lines =
      typeof columns === 'number'
        ? Math.ceil((columns * g.pixelBytes) / lineBytes)
        : i32.divU(i32.add(i32.mul(columns, g.pixelBytes), lineBytes - 1), lineBytes);
    const load = (i: number): void => f.emit(drop(i32.load(line, i * g.rowBytes)));
    f.repeat(lines, () => {
      for (let i = 0; i < wholeRows; i++) load(i);
      for (let i = wholeRows; i < rows; i++) f.if(i32.gtS(height, i), () => load(i));
      f.advance(line, lineBytes);
    });
  });
}

/** Parameters: images, [position][tile][channel], work, first tile, count. */
export function patchKernel(e: Emitter, patches: TileTransforms): FunctionBuilder {
  const { transforms, step, tiling, geometry: g, vectors = g.stored / 4, stride } = patches;
  return e.module.once('winograd patches', patches, 5, (f, images, target, work, first, count) => {
    const x = f.let(i32.add(images, patches.start));
    touch(f, patches, x, { first, count }, { rows: transforms[0].inputs, clipped: false });
    forEachTile(f, tiling, g, step, x, { first, count }, (index, { address }) => {
      const source = f.let(address);
      const into = f.let(i32.add(target, i32.mul(index, vectors * vectorBytes)));
      forEachVector(
        e,
        f,
        vectors,
        ({ offset }) => {
          transform2d(
            e,
            f,
            transforms,
            (i, j) => v128.load(source, i * g.rowBytes + j * g.pixelBytes + offset),
            (i, j, value) => f.emit(v128.store(into, value, (i * transforms[1].outputs + j) * stride + offset)),
            work,
          );
        },
        (bytes) => {
          f.advance(source, bytes);
          f.advance(into, bytes);
        },
      );
    });
  });
}

/**
 * Parameters: products [position][tile][channel], images y, work, first tile, count, sums, what an epilogue
 * reads. With `statistics`, the sums of y and of y^2 are added to float32 [channel] and [channel] at `sums`.
 */
export function outputKernel(
  e: Emitter,
  outputs: TileTransforms,
  statistics: boolean,
  epilogue?: Epilogue,
): FunctionBuilder {
  const { transforms, step, tiling, geometry: g, vectors = g.stored / 4, stride } = outputs;
  return e.module.once(
    'winograd output',
    [outputs, statistics, epilogueKey(epilogue)],
    6 + buffersOf(epilogue).length,
    (f, products, images, work, first, count, sums, ...read) => {
      const end = epilogue && new EpilogueWriter(e, f, epilogue, read, images);
      const y = f.let(i32.add(images, outputs.start));
      touch(f, outputs, y, { first, count }, { rows: step[0], clipped: true });
      forEachTile(f, tiling, g, step, y, { first, count }, (index, { address, row, column }) => {
        const into = f.let(address);
        const source = f.let(i32.add(products, i32.mul(index, vectors * vectorBytes)));
        const total = f.let(sums);
        // The last tiles of a map may reach beyond it.
        const height = f.let(i32.sub(g.h, i32.mul(row, step[0])));
        const width = f.let(i32.sub(g.w, i32.mul(column, step[1])));
        const [lastHeight, lastWidth] = [g.h % step[0], g.w % step[1]];
        end?.beginChannels(i32.const(0));
        const write = ({ index: vector, offset }: Copy): void => {
          // Two of each, in turns: additions wait for the one before.
          const [sum, square] = [f.vectors(2), f.vectors(2)];
          if (statistics) {
            f.set(sum[0], v128.load(total, offset));
            f.set(square[0], v128.load(total, vectors * vectorBytes + offset));
            for (const other of [sum[1], square[1]]) f.set(other, f32x4.const(0));
          }
          transform2d(
            e,
            f,
            transforms,
            (i, j) => v128.load(source, (i * transforms[1].inputs + j) * stride + offset),
            (i, j, value) => {
              const store = (): void => {
                const place = i * g.rowBytes + j * g.pixelBytes + offset;
                const result = end ? f.vector(end.apply(value, into, place, vector)) : value;
                f.emit(v128.store(into, result, place));
                if (!statistics) return;
                f.set(sum[j % 2], f32x4.add(sum[j % 2], value));
                f.set(square[j % 2], e.madd(value, value, square[j % 2]));
              };
              const limits = [
                ...(lastHeight > 0 && i >= lastHeight ? [i32.gtS(height, i)] : []),
                ...(lastWidth > 0 && j >= lastWidth ? [i32.gtS(width, j)] : []),
              ];
              if (limits.length === 0) store();
              else f.if(limits.length === 1 ? limits[0] : i32.and(limits[0], limits[1]), store);
            },
            work,
          );
          if (statistics) {
            f.emit(v128.store(total, f32x4.add(sum[0], sum[1]), offset));
            f.emit(v128.store(total, f32x4.add(square[0], square[1]), vectors * vectorBytes + offset));
          }
        };
        const single = end?.callsFunctions ? { ...e, wide: false } : e;
        forEachVector(single, f, vectors, write, (bytes) => {
          if (statistics) f.advance(total, bytes);
          end?.advanceChannels(bytes);
          f.advance(source, bytes);
          f.advance(into, bytes);
        });
      });
    },
  );
}
