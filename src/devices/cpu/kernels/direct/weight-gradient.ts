// The weight gradient:
//
//   dw[u, v, c, o] = sum over images n and pixels i, j of x[n, i*stride + u, j*stride + v, c] * dy[n, i, j, o]
//
// A tile's sums are some pairs (v, c) times a few vectors of output channels. Rows of pixels are dealt out to a fixed number
// of parts; a unit is a part, a kernel row u and some output channels. It takes as many rows at a time as stay in the first
// cache level, and adds what a tile has summed up over them to its part's gradient: sums of sums, which keeps their error
// low. A second step adds the parts up. A gradient that is large itself is not cut into parts but by channels alone.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter, Step } from '../../step.ts';
import { type Code, f32x4, i32, v128 } from '../../wasm.ts';
import type { WeightGradient } from '../convolution.ts';
import { describe, operationsOf } from '../convolution.ts';
import { sumParts } from '../sum-parts.ts';
import { cutRows, Tile, type Width, widthOf } from '../tile.ts';
import { packedWeightGradient, preferPacked } from './packed-weight-gradient.ts';
import { collectWeights, vectorsOfSection } from './sections.ts';
import { workOfUnit } from './units.ts';

const maximumParts = 16;
/** Of all parts together. */
const partialBytes = 2 * 1024 * 1024;
/** Of a part: fewer would not be worth the additions of its sums. */
const fewestPixels = 128;
/** Of x and dy, for all tiles in turn. */
const chunkBytes = 20 * 1024;
/** Pairs (v, c) of a kernel row that are written out one by one, where channels are no multiple of a tile. */
const fewPairs = 24;

export function directWeightGradient(e: Emitter, call: WeightGradient): void {
  const { upstream, window } = call;
  const { sections, weights: gradient, collect } = collectWeights(e, call.gradient, window.groups ?? 1);
  const name = `conv2dWeightGradient ${describe(call.gradient, upstream.geometry, window.groups)}`;
  const work = { name, operations: operationsOf(call.gradient, upstream.geometry) };
  const calculation = { ...call, gradient };
  if (preferPacked(calculation, sections)) packedWeightGradient(e, calculation, sections, work);
  else inParts(e, calculation, sections, work);
  collect();
}

function inParts(e: Emitter, call: WeightGradient, sections: number, work: Pick<Step, 'name' | 'operations'>): void {
  const { x, upstream, gradient } = call;
  const plan = planOf(call, sections, widthOf(e));
  const { parts, bytes } = plan;
  const target = parts === 1 ? gradient.buffer : e.scratch('weight gradients', parts * bytes);
  const kernel = e.module.once('conv2dWeightGradient', plan, 5, (f, source, dySource, sums, from, to) => {
    f.for(from, to, (unit) => writeUnit(e, f, plan, unit, { x: source, dy: dySource, sums }));
  });
  e.step({
    ...work,
    kernel,
    units: parts * plan.kernelHeight * plan.groupChunks,
    reads: [x.buffer, upstream.buffer],
    writes: [target],
  });
  if (parts > 1) sumParts(e, target, parts, bytes, gradient.buffer);
}

interface Plan {
  readonly images: number;
  readonly rows: number;
  readonly columns: number;
  readonly vectors: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly channels: number;
  /** In bytes; `row` and `column` from one pixel of the upstream gradient to the next, `tapRow` along the kernel. */
  readonly x: {
    readonly start: number;
    readonly image: number;
    readonly row: number;
    readonly column: number;
    readonly tapRow: number;
    readonly tapColumn: number;
  };
  readonly dy: { readonly start: number; readonly image: number; readonly row: number; readonly column: number };
  readonly gradient: { readonly row: number; readonly column: number; readonly in: number };
  /** Of the gradient. */
  readonly bytes: number;
  readonly parts: number;
  /** Output channels that read the same channels of x. */
  readonly sectionVectors: number;
  readonly width: Width;
  readonly vectorsAGroup: number;
  readonly groupsAUnit: number;
  readonly groupChunks: number;
  readonly rowsAChunk: number;
}

function planOf({ x, upstream, gradient, window }: WeightGradient, sections: number, width: Width): Plan {
  const [g, dy] = [x.geometry, upstream.geometry];
  const { kernelHeight, kernelWidth, inChannels, strides } = gradient;
  const [vectors, bytes] = [dy.stored / 4, kernelHeight * strides.row];
  // Images of one row are as well the rows of one image.
  const isJoined = dy.h === 1;
  const [images, rows] = isJoined ? [1, dy.n] : [dy.n, dy.h];
  const [xRow, dyRow] = isJoined ? [g.imageBytes, dy.imageBytes] : [window.stride[0] * g.rowBytes, dy.rowBytes];

  const total = dy.n * dy.h * dy.w * kernelHeight * kernelWidth * inChannels * dy.stored;
  const target = workOfUnit(total);
  const sectionVectors = vectors / sections;
  const vectorsAGroup = vectorsOfSection(2 * width, sectionVectors, sections);
  const groups = Math.ceil(vectors / vectorsAGroup);
  const limits = [
    maximumParts,
    images * rows,
    (images * rows * dy.w) / fewestPixels,
    partialBytes / bytes,
    total / target,
  ];
  const parts = Math.max(1, Math.floor(Math.min(...limits)));
  const wantedChunks = Math.max(1, Math.round(total / (parts * kernelHeight * target)));
  const wantedGroups = Math.ceil(groups / Math.min(groups, wantedChunks));
  const groupsAUnit = sections > 1 ? inSections(wantedGroups, sectionVectors / vectorsAGroup) : wantedGroups;
  return {
    images,
    rows,
    columns: dy.w,
    vectors,
    kernelHeight,
    kernelWidth,
    channels: inChannels,
    x: {
      start: g.origin - window.padding[0] * g.rowBytes - window.padding[1] * g.pixelBytes,
      image: g.imageBytes,
      row: xRow,
      column: window.stride[1] * g.pixelBytes,
      tapRow: g.rowBytes,
      tapColumn: g.pixelBytes,
    },
    dy: { start: dy.origin, image: dy.imageBytes, row: dyRow, column: dy.pixelBytes },
    gradient: { row: strides.row, column: strides.column, in: strides.in },
    bytes,
    parts,
    sectionVectors,
    width,
    vectorsAGroup,
    groupsAUnit,
    groupChunks: Math.ceil(groups / groupsAUnit),
    rowsAChunk: Math.max(1, Math.min(rows, Math.floor(chunkBytes / (xRow + dyRow)))),
  };
}

/** Groups in whole sections, or else an even part of one. */
function inSections(groups: number, groupsASection: number): number {
  if (groups >= groupsASection) return Math.ceil(groups / groupsASection) * groupsASection;
  while (groupsASection % groups > 0) groups++;
  return groups;
}

interface Places {
  readonly x: Local;
  readonly dy: Local;
  readonly sums: Local;
}

function writeUnit(e: Emitter, f: FunctionBuilder, plan: Plan, unit: Local, bases: Places): void {
  const { parts, kernelHeight, groupChunks, groupsAUnit, vectorsAGroup, vectors, images, rows, rowsAChunk } = plan;
  const slices = kernelHeight * groupChunks;
  const part = f.let(i32.divU(unit, slices));
  const slice = f.let(i32.remU(unit, slices));
  const u = f.let(i32.divU(slice, groupChunks));
  const firstVector = f.let(i32.mul(i32.remU(slice, groupChunks), groupsAUnit * vectorsAGroup));
  const lastVector = f.least(i32.add(firstVector, groupsAUnit * vectorsAGroup), vectors);
  const channelOffset = f.let(i32.mul(firstVector, vectorBytes));
  const sums = f.let(i32.add(bases.sums, channelOffset, i32.mul(part, plan.bytes), i32.mul(u, plan.gradient.row)));
  const vectorCount = f.let(i32.sub(lastVector, firstVector));
  writeClear(f, plan, sums, vectorCount);

  const bound = (index: Code): Code => i32.divU(i32.mul(index, images * rows), parts);
  const row = f.let(bound(part));
  const end = f.let(bound(i32.add(part, 1)));
  f.doWhile(
    () => {
      const image = f.let(i32.divU(row, rows));
      const i = f.let(i32.remU(row, rows));
      const count = f.least(f.least(i32.sub(rows, i), rowsAChunk), i32.sub(end, row));
      const place = (base: Code, g: { start: number; image: number; row: number }): Code =>
        i32.add(base, g.start, i32.mul(image, g.image), i32.mul(i, g.row));
      const x = f.let(place(i32.add(bases.x, i32.mul(u, plan.x.tapRow)), plan.x));
      const dy = f.let(place(i32.add(bases.dy, channelOffset), plan.dy));
      writeSections(e, f, plan, { x, dy, sums }, firstVector, vectorCount, count);
      f.advance(row, count);
    },
    () => i32.ltS(row, end),
  );
}

/** Some rows: section after section, each with its own channels of x. */
function writeSections(
  e: Emitter,
  f: FunctionBuilder,
  plan: Plan,
  { x, dy, sums }: Places,
  firstVector: Local,
  vectorCount: Local,
  rows: Local,
): void {
  const { sectionVectors, vectors, groupsAUnit, vectorsAGroup, channels } = plan;
  if (sectionVectors === vectors) {
    writeChunk(e, f, plan, { x, dy, sums }, vectorCount, rows);
    return;
  }
  const places = { x: f.let(x), dy: f.let(dy), sums: f.let(sums) };
  f.advance(places.x, i32.mul(i32.divU(firstVector, sectionVectors), channels * 4));
  const unitVectors = groupsAUnit * vectorsAGroup;
  if (unitVectors < sectionVectors) {
    writeChunk(e, f, plan, places, vectorCount, rows);
    return;
  }
  const count = f.let(i32.const(sectionVectors));
  f.repeat(i32.divU(vectorCount, sectionVectors), () => {
    writeChunk(e, f, plan, places, count, rows);
    f.advance(places.x, channels * 4);
    f.advance(places.dy, sectionVectors * vectorBytes);
    f.advance(places.sums, sectionVectors * vectorBytes);
  });
}

/** Some rows: all tiles of a section. */
function writeChunk(
  e: Emitter,
  f: FunctionBuilder,
  plan: Plan,
  { x, dy, sums }: Places,
  vectorCount: Local,
  rows: Local,
): void {
  const groups = (vectors: number, count: Code | number, start: Code): void =>
    forEachPairs(f, plan, vectors, (pairs, base) => {
      const xPlace = f.let(i32.add(x, base.x));
      const offset = f.let(start);
      f.repeat(count, () => {
        const at = { x: xPlace, dy: f.let(i32.add(dy, offset)), sums: f.let(i32.add(sums, base.sum, offset)) };
        writeTile(e, f, plan, at, pairs, vectors, rows);
        f.advance(offset, vectors * vectorBytes);
      });
    });
  const { vectorsAGroup } = plan;
  const whole = f.let(i32.divU(vectorCount, vectorsAGroup));
  if (plan.vectors >= vectorsAGroup) f.if(whole, () => groups(vectorsAGroup, whole, i32.const(0)));
  const rest = plan.vectors % vectorsAGroup;
  if (rest > 0) {
    const start = i32.mul(whole, vectorsAGroup * vectorBytes);
    f.if(i32.remU(vectorCount, vectorsAGroup), () => groups(rest, 1, start));
  }
}

interface PairOffset {
  readonly x: number;
  readonly sum: number;
}

/** Tiles of pairs (v, c): their places from a base, which moves in loops where there are many. */
function forEachPairs(
  f: FunctionBuilder,
  { kernelWidth, channels, x, gradient, width }: Plan,
  vectors: number,
  body: (pairs: readonly PairOffset[], base: { readonly x: Local; readonly sum: Local }) => void,
): void {
  const base = { x: f.let(i32.const(0)), sum: f.let(i32.const(0)) };
  const pair = (v: number, c: number): PairOffset => ({
    x: v * x.tapColumn + c * 4,
    sum: v * gradient.column + c * gradient.in,
  });
  if (kernelWidth * channels <= fewPairs && channels % cutRows(channels, vectors, width).size > 0) {
    const pairs = Array.from({ length: kernelWidth * channels }, (_, k) =>
      pair(Math.floor(k / channels), k % channels),
    );
    const { size, repeated, larger, rest } = cutRows(pairs.length, vectors, width);
    let start = 0;
    const tiles = (count: number, rows: number): void => {
      for (let tile = 0; tile < count; tile++, start += rows) body(pairs.slice(start, start + rows), base);
    };
    tiles(repeated, size);
    tiles(larger, size + 1);
    if (rest > 0) tiles(1, rest);
    return;
  }
  const { size, repeated, larger, rest } = cutRows(channels, vectors, width);
  f.repeat(kernelWidth, () => {
    const tiles = (count: number, rows: number): void => {
      if (count === 0) return;
      const pairs = Array.from({ length: rows }, (_, c) => pair(0, c));
      f.repeat(count, () => {
        body(pairs, base);
        f.advance(base.x, rows * 4);
        f.advance(base.sum, rows * gradient.in);
      });
    };
    tiles(repeated, size);
    tiles(larger, size + 1);
    if (rest > 0) tiles(1, rest);
    f.advance(base.x, x.tapColumn - channels * 4);
    f.advance(base.sum, gradient.column - channels * gradient.in);
  });
}

/** sums += the products of some rows. */
function writeTile(
  e: Emitter,
  f: FunctionBuilder,
  { columns, x, dy }: Plan,
  places: Places,
  pairs: readonly PairOffset[],
  vectors: number,
  rows: Local,
): void {
  const tile = new Tile(e, f, pairs.length, vectors);
  const [xPlace, dyPlace] = [f.let(places.x), f.let(places.dy)];
  tile.accumulate(() => {
    f.repeat(rows, () => {
      tile.run(
        columns,
        (j) =>
          tile.step(
            (k) => v128.load32Splat(xPlace, j * x.column + pairs[k].x),
            (v) => v128.load(dyPlace, j * dy.column + v * vectorBytes),
          ),
        (count) => {
          f.advance(xPlace, count * x.column);
          f.advance(dyPlace, count * dy.column);
        },
      );
      f.advance(xPlace, x.row - columns * x.column);
      f.advance(dyPlace, dy.row - columns * dy.column);
    });
  });
  tile.add(places.sums, (k, v) => pairs[k].sum + v * vectorBytes);
}

/** The unit's part of the gradient, row after row of output channels. */
function writeClear(f: FunctionBuilder, { kernelWidth, channels, gradient }: Plan, sums: Local, vectors: Local): void {
  const column = f.let(sums);
  f.repeat(kernelWidth, () => {
    const row = f.let(column);
    f.repeat(channels, () => {
      const place = f.let(row);
      f.repeat(vectors, () => {
        f.emit(v128.store(place, f32x4.const(0)));
        f.advance(place, vectorBytes);
      });
      f.advance(row, gradient.in);
    });
    f.advance(column, gradient.column);
  });
}
