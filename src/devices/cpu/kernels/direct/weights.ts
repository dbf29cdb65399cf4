// The order in which a correlation reads weights: group by group of output channels, and in each tap by tap and channel by
// channel, a few vectors at a step. Small weights are read where they are; others are brought into just that order first,
// [group][tap][channel that is added up][output channel of the group], or else each step would touch another cache line.
//
// The input gradient reads them transposed: it adds up over the convolution's output channels, and its own output channels
// are the convolution's input channels.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Buffer, Emitter, Pointer, Weights } from '../../step.ts';
import { type Code, f32x4, i32, v128 } from '../../wasm.ts';
import { inPieces, transposed } from '../vectors.ts';

export interface WeightLayout {
  readonly vectorsAGroup: number;
  /** Steps lie behind one another; otherwise `stepBytes` apart. */
  readonly isPacked: boolean;
  readonly stepBytes: number;
  /** From one group to the next. */
  readonly groupBytes: number;
  /** What is read of a group. */
  readonly groupReadBytes: number;
}

export interface ReadyWeights {
  readonly buffer: Buffer;
  /** The kernel's argument. */
  readonly place: Pointer;
  readonly layout: WeightLayout;
}

/** Kernel rows, or columns, at even distances. */
export interface TapRange {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** Taps in the order in which they are used; row by row. */
export interface TapBlock {
  readonly rows: TapRange;
  readonly columns: TapRange;
}

export const tapCount = ({ rows, columns }: TapBlock): number => rows.count * columns.count;

export const allTaps = ({ kernelHeight, kernelWidth }: Weights): TapBlock => ({
  rows: { first: 0, step: 1, count: kernelHeight },
  columns: { first: 0, step: 1, count: kernelWidth },
});

/** Weights of up to this size stay in the first cache level whatever their order. */
const smallBytes = 16 * 1024;
/** Weights that are used less often are not worth packing. */
const fewPixels = 16;

/**
 * All weights in their own order.
 *
 * @param pixels for which they are used
 * @param origin bytes from the buffer's start to the first of them
 */
export function readWeights(
  e: Emitter,
  weights: Weights,
  vectorsAGroup: number,
  pixels: number,
  origin = 0,
): ReadyWeights {
  const { kernelHeight, kernelWidth, inChannels, outChannels, strides, buffer } = weights;
  const steps = kernelHeight * kernelWidth * inChannels;
  const isEven = strides.column === inChannels * strides.in && strides.row === kernelWidth * strides.column;
  const isInOrder = outChannels <= vectorsAGroup * 4;
  const pays = steps * outChannels * 4 > smallBytes && pixels > fewPixels;
  if (!isEven || (pays && !isInOrder)) {
    return packWeights(e, weights, { blocks: [allTaps(weights)], transposed: false, vectorsAGroup }, origin);
  }
  const groupBytes = vectorsAGroup * vectorBytes;
  const groupReadBytes = steps * groupBytes;
  const layout = { vectorsAGroup, isPacked: false, stepBytes: strides.in, groupBytes, groupReadBytes };
  return { buffer, place: { buffer, offset: origin }, layout };
}

export interface Packing {
  /** Behind one another in every group. */
  readonly blocks: readonly TapBlock[];
  readonly transposed: boolean;
  readonly vectorsAGroup: number;
  /** Of the channels (see sections.ts); 1 unless given. */
  readonly sections?: number;
}

/** Vectors that are copied at a time, from one cache line to as many groups as they belong to. */
const copiedVectors = 4;

/** A step that packs weights; a unit of it is a group, or a cache line of them. */
export function packWeights(e: Emitter, weights: Weights, packing: Packing, origin = 0): ReadyWeights {
  const { vectorsAGroup, blocks, transposed, sections = 1 } = packing;
  const { inChannels, outChannels } = weights;
  const [summed, results] = transposed ? [outChannels / sections, inChannels * sections] : [inChannels, outChannels];
  const vectors = Math.ceil(results / 4);
  const steps = blocks.reduce((sum, block) => sum + tapCount(block), 0) * summed;
  const groupBytes = steps * vectorsAGroup * vectorBytes;
  const groupsAUnit = transposed ? 1 : Math.max(1, Math.floor(copiedVectors / vectorsAGroup));
  const packed = e.scratch('packed weights', Math.max(1, steps) * vectors * vectorBytes);
  const { buffer: _, ...shape } = weights;
  const kernel = e.module.once('packWeights', [shape, packing], 4, (f, source, target, from, to) => {
    f.for(from, to, (unit) => {
      const into = f.let(i32.add(target, i32.mul(unit, groupsAUnit * groupBytes)));
      const lanes = groupsAUnit * vectorsAGroup * 4;
      const write = (count: number): void =>
        writeUnit(f, weights, packing, { summed, lanes: count, groupBytes }, i32.mul(unit, lanes), source, into);
      const [whole, rest] = [Math.floor(results / lanes), results % lanes];
      if (rest === 0) write(lanes);
      else if (whole === 0) write(rest);
      else
        f.if(
          i32.ltS(unit, whole),
          () => write(lanes),
          () => write(rest),
        );
    });
  });
  e.step({
    name: 'pack weights',
    kernel,
    arguments: [{ buffer: weights.buffer, offset: origin }, packed],
    units: Math.ceil(vectors / (groupsAUnit * vectorsAGroup)),
    reads: [weights.buffer],
    writes: [packed],
  });
  const layout = { vectorsAGroup, isPacked: true, stepBytes: 0, groupBytes, groupReadBytes: groupBytes };
  return { buffer: packed, place: { buffer: packed, offset: 0 }, layout };
}

interface Unit {
  readonly summed: number;
  /** Output channels that the unit has. */
  readonly lanes: number;
  readonly groupBytes: number;
}

function writeUnit(
  f: FunctionBuilder,
  { strides, inChannels }: Weights,
  { blocks, transposed, vectorsAGroup, sections = 1 }: Packing,
  { summed, lanes, groupBytes }: Unit,
  firstLane: Code,
  source: Local,
  into: Local,
): void {
  const start = f.let(source);
  if (sections > 1 && transposed) {
    const lane = f.let(firstLane);
    f.advance(start, i32.mul(i32.remU(lane, inChannels), strides.in));
    f.advance(start, i32.mul(i32.divU(lane, inChannels), summed * 4));
  } else f.advance(start, i32.mul(firstLane, transposed ? strides.in : 4));
  const vectors = Math.ceil(lanes / 4);
  const groups = Array.from({ length: Math.ceil(vectors / vectorsAGroup) }, (_, group) => ({
    into: f.let(i32.add(into, group * groupBytes)),
    vectors: Math.min(vectorsAGroup, vectors - group * vectorsAGroup),
  }));
  for (const { rows, columns } of blocks) {
    if (rows.count * columns.count === 0) continue;
    const place = f.let(i32.add(start, rows.first * strides.row + columns.first * strides.column));
    f.repeat(rows.count, () => {
      f.repeat(columns.count, () => {
        if (transposed) writeTransposed(f, f.let(place), into, summed, lanes, strides.in);
        else writeCopied(f, f.let(place), groups, summed, strides.in);
        f.advance(place, columns.step * strides.column);
      });
      f.advance(place, rows.step * strides.row - columns.count * columns.step * strides.column);
    });
  }
}

/** Vectors of all groups lie behind one another, one row for each channel that is added up. */
function writeCopied(
  f: FunctionBuilder,
  from: Local,
  groups: readonly { readonly into: Local; readonly vectors: number }[],
  summed: number,
  step: number,
): void {
  f.repeat(summed, () => {
    let offset = 0;
    for (const { into, vectors } of groups) {
      for (let v = 0; v < vectors; v++, offset += vectorBytes) {
        f.emit(v128.store(into, v128.load(from, offset), v * vectorBytes));
      }
      f.advance(into, vectors * vectorBytes);
    }
    f.advance(from, step);
  });
}

/** Blocks of 4 x 4 numbers, each turned about its diagonal. The results that a group lacks are zero. */
function writeTransposed(
  f: FunctionBuilder,
  from: Local,
  into: Local,
  summed: number,
  lanes: number,
  laneBytes: number,
): void {
  const vectors = Math.ceil(lanes / 4);
  const square = (count: number): void => {
    for (let v = 0; v < vectors; v++) {
      const rows = [0, 1, 2, 3].map((i) => {
        const lane = v * 4 + i;
        return f.vector(lane < lanes ? v128.load(from, lane * laneBytes) : f32x4.const(0));
      });
      transposed(f, rows)
        .slice(0, count)
        .forEach((column, k) => {
          f.emit(v128.store(into, column, (k * vectors + v) * vectorBytes));
        });
    }
    f.advance(from, count * 4);
    f.advance(into, count * vectors * vectorBytes);
  };
  inPieces(f, summed, 4, square);
}
