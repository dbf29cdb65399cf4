// What the forward convolution, its input gradient and matrix products have in common: a correlation of images with a few
// taps.
//
//   y[n, i, j, o] = sum over taps u, v and channels c of x[n, i, j moved by u, v, c] * w[u, v, c, o]
//
// Images, rows, columns, taps and channels of x each have a stride of their own, so that strides, phases and transposed
// matrices are nothing but other numbers here. Output channels come in groups of a few vectors; a unit is some groups of
// some rows of an image (or of some images), and goes through it group by group, because a group's weights then stay in the
// first cache level while pixels pass by.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter } from '../../step.ts';
import { type Code, i32, v128 } from '../../wasm.ts';
import { buffersOf, type Epilogue, EpilogueWriter, epilogueKey } from '../epilogue.ts';
import { cutRows, linesFor, Tile, type Width, widthOf } from '../tile.ts';
import { clear } from '../vectors.ts';
import { addChannelSums } from './channel-sums.ts';
import { type Division, divide } from './units.ts';
import type { WeightLayout } from './weights.ts';

export interface Correlation {
  readonly images: number;
  /** Output rows and columns that are computed. */
  readonly rows: number;
  readonly columns: number;
  /** Kernel rows and columns; where one is 0, the result is 0. */
  readonly taps: readonly [number, number];
  /** Channels that are added up. */
  readonly channels: number;
  /** In bytes: to what the first output pixel's first tap reads, from image to image, row to row of the output, ... */
  readonly x: Strides & { readonly tapRow: number; readonly tapColumn: number; readonly channel: number };
  readonly y: Strides;
  /** Output channels, as vectors. */
  readonly vectors: number;
  /** Steps (a tap and channel each) in a group's weights before those of this correlation. */
  readonly firstStep: number;
  /** Steps in a group's weights between two rows of taps; 0 unless given. */
  readonly skippedSteps?: number;
  /** Where output channels don't all read the same channels: after so many vectors x is read so many bytes further on. */
  readonly section?: { readonly vectors: number; readonly bytes: number };
}

export interface Strides {
  readonly start: number;
  readonly image: number;
  readonly row: number;
  readonly column: number;
}

/** Images of one row are as well the rows of one image, which makes larger tiles. */
export function joinImages(shapes: readonly Correlation[]): readonly Correlation[] {
  if (shapes.some(({ rows }) => rows > 1)) return shapes;
  return shapes.map((shape) => {
    const { images, x, y } = shape;
    return { ...shape, images: 1, rows: images, x: { ...x, row: x.image }, y: { ...y, row: y.image } };
  });
}

export interface CorrelationKernel {
  /** Parameters: x, weights, y, what an epilogue reads, with statistics the partial sums of y and of y^2 and memory of workBytes (channel-sums.ts), from, to. */
  readonly kernel: FunctionBuilder;
  readonly units: number;
  /** Rows of the partial sums. */
  readonly parts: number;
}

/**
 * Several correlations of the same images, each with its own taps and its own pixels of y. With statistics they must have the
 * same rows.
 */
export function correlationKernel(
  e: Emitter,
  name: string,
  shapes: readonly Correlation[],
  weights: WeightLayout,
  { statistics = false, epilogue }: { readonly statistics?: boolean; readonly epilogue?: Epilogue } = {},
): CorrelationKernel {
  const division = divide(shapes, weights, statistics);
  const read = buffersOf(epilogue).length;
  const details = [shapes, weights, statistics, epilogueKey(epilogue)];
  const kernel = e.module.once(name, details, 3 + read + (statistics ? 3 : 0) + 2, (f, x, w, y, ...others) => {
    const [from, to] = others.slice(-2);
    const [sums, squares, work] = others.slice(read, -2);
    const partials = statistics ? { places: [sums, squares], work } : undefined;
    const end = epilogue && new EpilogueWriter(e, f, epilogue, others.slice(0, read), y);
    f.for(from, to, (unit) => {
      const place = unitPlace(f, unit, division);
      for (const shape of shapes) {
        const bases = { x, w, y, partials, end };
        const writer = new CorrelationWriter(e, f, shape, weights, place, bases, shape === shapes[0]);
        const rows = f.least(i32.sub(shape.rows, place.row), division.rows);
        f.if(i32.gtS(rows, 0), () => writer.write(rows));
      }
    });
  });
  return { kernel, units: division.units, parts: division.parts };
}

/** What a unit has to do. */
interface UnitPlace {
  readonly part: Local;
  readonly firstGroup: Local;
  readonly lastGroup: Local;
  readonly image: Local;
  readonly images: Local;
  readonly row: Local;
}

function unitPlace(f: FunctionBuilder, unit: Local, division: Division): UnitPlace {
  const { parts, rowChunks, groups, groupsAUnit, images, imagesAUnit, rows } = division;
  const part = f.let(i32.remU(unit, parts));
  const firstGroup = f.let(i32.mul(i32.divU(unit, parts), groupsAUnit));
  const image = f.let(i32.mul(i32.divU(part, rowChunks), imagesAUnit));
  return {
    part,
    firstGroup,
    lastGroup: f.let(i32.add(firstGroup, f.least(i32.sub(groups, firstGroup), groupsAUnit))),
    image,
    images: f.least(i32.sub(images, image), imagesAUnit),
    row: f.let(i32.mul(i32.remU(part, rowChunks), rows)),
  };
}

interface Bases {
  readonly x: Local;
  readonly w: Local;
  readonly y: Local;
  readonly partials: { readonly places: readonly Local[]; readonly work: Local } | undefined;
  readonly end: EpilogueWriter | undefined;
}

class CorrelationWriter {
  readonly #e: Emitter;
  readonly #f: FunctionBuilder;
  readonly #width: Width;
  readonly #shape: Correlation;
  readonly #weights: WeightLayout;
  readonly #place: UnitPlace;
  readonly #bases: Bases;
  /** Of the correlations that have a part of channel sums in common. */
  readonly #isFirst: boolean;

  constructor(
    e: Emitter,
    f: FunctionBuilder,
    shape: Correlation,
    weights: WeightLayout,
    place: UnitPlace,
    bases: Bases,
    isFirst: boolean,
  ) {
    this.#e = e;
    this.#f = f;
    this.#width = widthOf(e);
    this.#shape = shape;
    this.#weights = weights;
    this.#place = place;
    this.#bases = bases;
    this.#isFirst = isFirst;
  }

  write(rows: Local): void {
    const f = this.#f;
    const { vectors } = this.#shape;
    const { vectorsAGroup } = this.#weights;
    const { firstGroup, lastGroup } = this.#place;
    const [whole, rest] = [Math.floor(vectors / vectorsAGroup), vectors % vectorsAGroup];
    if (whole > 0) {
      const end = rest > 0 ? f.least(lastGroup, whole) : lastGroup;
      f.for(firstGroup, end, (group) => this.#group(group, vectorsAGroup, rows));
    }
    if (rest > 0) f.if(i32.gtS(lastGroup, whole), () => this.#group(f.let(i32.const(whole)), rest, rows));
  }

  #group(group: Local, vectors: number, rows: Local): void {
    const f = this.#f;
    const { x: xStrides, y: yStrides, firstStep, section } = this.#shape;
    const { groupBytes, vectorsAGroup } = this.#weights;
    const { image, images, row } = this.#place;
    const { x, w, y, partials, end } = this.#bases;
    const weight = f.let(i32.add(w, firstStep * this.#stepBytes(vectors), i32.mul(group, groupBytes)));
    const first = (base: Local, { start, image: imageBytes, row: rowBytes }: Strides): Code =>
      i32.add(base, start, i32.mul(image, imageBytes), i32.mul(row, rowBytes));
    const source = f.let(first(x, xStrides));
    if (section) f.advance(source, i32.mul(i32.divU(group, section.vectors / vectorsAGroup), section.bytes));
    const groupOffset = f.let(i32.mul(group, vectorsAGroup * vectorBytes));
    const target = f.let(i32.add(first(y, yStrides), groupOffset));
    end?.beginChannels(groupOffset);
    const sums = partials?.places.map((base) => {
      const part = i32.mul(this.#place.part, this.#shape.vectors * 2 * vectorBytes);
      return f.let(i32.add(base, part, i32.shl(groupOffset, 1)));
    });
    for (const row of this.#isFirst ? (sums ?? []) : []) clear(this.#e, f, row, 2 * vectors * vectorBytes);
    const { rows: allRows, columns } = this.#shape;
    f.repeat(images, () => {
      this.#image(source, weight, target, vectors, rows);
      if (sums && partials) {
        const pixels = { y: target, rows, columns, strides: yStrides };
        addChannelSums(this.#e, f, sums, vectors, pixels, partials.work, allRows);
      }
      f.advance(source, xStrides.image);
      f.advance(target, yStrides.image);
    });
  }

  /** From one step's weights to the next one's, in a group of so many vectors. */
  #stepBytes(vectors: number): number {
    return this.#weights.isPacked ? vectors * vectorBytes : this.#weights.stepBytes;
  }

  /** Some rows of one image: first the tiles that lie in one row, then the columns left over, several rows at a time. */
  #image(x: Local, weight: Local, y: Local, vectors: number, rows: Local): void {
    const f = this.#f;
    const { columns, x: xStrides, y: yStrides } = this.#shape;
    const { size, repeated, larger, rest } = cutRows(columns, vectors, this.#width);
    const move = (source: Local, target: Local, [byRows, byColumns]: readonly [number, number]): void => {
      f.advance(source, byRows * xStrides.row + byColumns * xStrides.column);
      f.advance(target, byRows * yStrides.row + byColumns * yStrides.column);
    };
    if (columns > rest) {
      const [source, target] = [f.let(x), f.let(y)];
      f.repeat(rows, () => {
        const tiles = (count: number, width: number): void => {
          if (count === 0) return;
          f.repeat(count, () => {
            this.#tile(source, weight, target, [1, width], vectors);
            move(source, target, [0, width]);
          });
        };
        tiles(repeated, size);
        tiles(larger, size + 1);
        move(source, target, [1, rest - columns]);
      });
    }
    if (rest > 0) {
      const [source, target] = [f.let(x), f.let(y)];
      move(source, target, [0, columns - rest]);
      const lines = linesFor(rest, vectors, this.#width);
      const tiles = (count: Local, height: number): void =>
        f.if(count, () =>
          f.repeat(count, () => {
            this.#tile(source, weight, target, [height, rest], vectors);
            move(source, target, [height, 0]);
          }),
        );
      tiles(f.let(i32.divU(rows, lines)), lines);
      if (lines > 1) tiles(f.let(i32.remU(rows, lines)), 1);
    }
  }

  #tile(x: Local, weight: Local, y: Local, [height, width]: readonly [number, number], vectors: number): void {
    const f = this.#f;
    const { taps, channels, x: strides, y: yStrides, skippedSteps = 0 } = this.#shape;
    const tile = new Tile(this.#e, f, height * width, vectors);
    const offset = (pixel: number, { row, column }: Strides): number =>
      Math.floor(pixel / width) * row + (pixel % width) * column;
    const weightStep = this.#stepBytes(vectors);
    const [xPlace, weightPlace] = [f.let(x), f.let(weight)];
    const step = (xOffset: number, k: number): void =>
      tile.step(
        (pixel) => v128.load32Splat(xPlace, xOffset + offset(pixel, strides)),
        (v) => v128.load(weightPlace, k * weightStep + v * vectorBytes),
      );
    const run = (length: number): void =>
      tile.run(
        length,
        (k) => step(k * strides.channel, k),
        (steps) => {
          f.advance(xPlace, steps * strides.channel);
          f.advance(weightPlace, steps * weightStep);
        },
      );
    tile.accumulate(() => {
      if (taps[0] * taps[1] === 0) return;
      const rowSteps = taps[1] * channels;
      const isDense = taps[1] === 1 || strides.tapColumn === channels * strides.channel;
      f.repeat(taps[0], () => {
        if (isDense) {
          run(rowSteps);
          f.advance(xPlace, strides.tapRow - rowSteps * strides.channel);
        } else if (rowSteps <= fewSteps) {
          for (let k = 0; k < rowSteps; k++) {
            step(Math.floor(k / channels) * strides.tapColumn + (k % channels) * strides.channel, k);
          }
          f.advance(xPlace, strides.tapRow);
          f.advance(weightPlace, rowSteps * weightStep);
        } else {
          f.repeat(taps[1], () => {
            run(channels);
            f.advance(xPlace, strides.tapColumn - channels * strides.channel);
          });
          f.advance(xPlace, strides.tapRow - taps[1] * strides.tapColumn);
        }
        f.advance(weightPlace, skippedSteps * weightStep);
      });
    });
    const { end } = this.#bases;
    tile.store(
      y,
      (pixel, v) => offset(pixel, yStrides) + v * vectorBytes,
      (sum, place, v) => end?.apply(sum, y, place, v) ?? sum,
    );
  }
}

/** Steps of a kernel row that are written out, where its pixels have pad channels between them. */
const fewSteps = 24;
