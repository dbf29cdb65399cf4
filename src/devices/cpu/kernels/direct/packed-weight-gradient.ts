// The weight gradient of many channels on few pixels, such as that of the last layers of a ResNet. For each tap it is a
// product of matrices: the pixels of x that the tap meets, transposed, times those of dy.
//
//   dw[tap][c, o] = sum over pixels of x[pixel moved by the tap, c] dy[pixel, o]
//
// Both are packed first, so that a tile runs through pixels that lie behind one another. Pixels where a tap meets nothing but
// padding are left out where there are many: on maps of 2x2 they are more than half.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter, Step } from '../../step.ts';
import { type Code, i32, v128 } from '../../wasm.ts';
import type { WeightGradient } from '../convolution.ts';
import { Tile, widthOf } from '../tile.ts';
import { lookUp, type PackedPixels, packPixels } from './pack-pixels.ts';
import { workOfUnit } from './units.ts';

const channelsATile = 4;
/** What the output channels must be a multiple of. */
const vectorsABlock = 2;
/** With more there are so many products for each weight that parts of pixels, as in weight-gradient.ts, are worth it. */
const mostPixels = 2048;
/** Of a gradient that has no room in the second cache level: parts would go through all of it for every few rows of pixels. */
const largeBytes = 512 * 1024;
/** Packed pixels of x, of all taps, that are worth it where the gradient is large. */
const mostOfLarge = 8192;
/** With fewer the packing of x would not be worth it. */
const fewestOutputs = 32;
/** Of a tile at a time: x and dy take half of the first cache level. */
const pixelsAChunk = 320;
/** Of dy, for a unit: a part of the second cache level. */
const cachedBytes = 256 * 1024;
/** Pixels are left out where so many of the products would be with padding. */
const worthwhile = 0.2;

/** Whether this is the faster way. */
export function preferPacked({ upstream: { geometry: dy }, gradient }: WeightGradient, sections: number): boolean {
  const [inChannels, outChannels] = [gradient.inChannels, gradient.outChannels / sections];
  const isWhole = inChannels % channelsATile === 0 && outChannels % (4 * vectorsABlock) === 0;
  const pixels = dy.n * dy.h * dy.w;
  const taps = gradient.kernelHeight * gradient.kernelWidth;
  const isLarge = taps * inChannels * gradient.outChannels * 4 >= largeBytes;
  const isFew = pixels <= mostPixels || (isLarge && taps * pixels <= mostOfLarge);
  return isWhole && outChannels >= fewestOutputs && isFew;
}

export function packedWeightGradient(
  e: Emitter,
  call: WeightGradient,
  sections: number,
  work: Pick<Step, 'name' | 'operations'>,
): void {
  const { x, upstream, gradient, window } = call;
  const [g, dy] = [x.geometry, upstream.geometry];
  const { kernelWidth } = gradient;
  const isEven = (gradient.outChannels / sections) % (4 * vectorsABlock * widthOf(e)) === 0;
  const vectorsATile = vectorsABlock * (isEven ? widthOf(e) : 1);
  const taps = tapsOf(call);
  const selectionOf = ({ row, rows, column, columns }: Tap) => ({
    start: dy.origin + row * dy.rowBytes + column * dy.pixelBytes,
    rows,
    columns,
  });
  const keys = taps.map((tap) => JSON.stringify(selectionOf(tap)));
  const different = [...new Set(keys)];
  const packedX = packPixels(e, x, {
    selections: taps.map(({ row, rows, column, columns }, tap) => {
      const h = row * window.stride[0] + Math.floor(tap / kernelWidth) - window.padding[0];
      const w = column * window.stride[1] + (tap % kernelWidth) - window.padding[1];
      return { start: g.origin + h * g.rowBytes + w * g.pixelBytes, rows, columns };
    }),
    row: window.stride[0] * g.rowBytes,
    column: window.stride[1] * g.pixelBytes,
    vectorsABlock: 1,
  });
  const packedDy = packPixels(e, upstream, {
    selections: different.map((key) => JSON.parse(key)),
    row: dy.rowBytes,
    column: dy.pixelBytes,
    vectorsABlock: vectorsATile,
  });
  const plan = planOf(
    call,
    sections,
    vectorsATile,
    packedX,
    packedDy,
    keys.map((key) => different.indexOf(key)),
  );
  const kernel = e.module.once('packedWeightGradient', plan, 5, (f, xPlace, dyPlace, target, from, to) => {
    f.for(from, to, (unit) => writeUnit(e, f, plan, unit, { x: xPlace, dy: dyPlace, target }));
  });
  e.step({
    ...work,
    kernel,
    units: taps.length * sections * plan.inChunks * plan.outChunks,
    reads: [packedX.buffer, packedDy.buffer],
    writes: [gradient.buffer],
  });
}

/** A tap's output pixels: those for which it meets x. */
interface Tap {
  readonly row: number;
  readonly rows: number;
  readonly column: number;
  readonly columns: number;
}

/** In the order of the kernel's rows and columns. */
function tapsOf({ x: { geometry: g }, upstream: { geometry: dy }, gradient, window }: WeightGradient): Tap[] {
  const rows = usedBy(gradient.kernelHeight, g.h, dy.h, window.stride[0], window.padding[0]);
  const columns = usedBy(gradient.kernelWidth, g.w, dy.w, window.stride[1], window.padding[1]);
  const taps = rows.flatMap((row) =>
    columns.map((column) => ({ row: row.first, rows: row.count, column: column.first, columns: column.count })),
  );
  const products = taps.reduce((sum, tap) => sum + tap.rows * tap.columns, 0);
  if (products <= (1 - worthwhile) * taps.length * dy.h * dy.w) return taps;
  return taps.map(() => ({ row: 0, rows: dy.h, column: 0, columns: dy.w }));
}

/** Of each place in the kernel along one axis, the outputs for which it meets the input. */
function usedBy(kernel: number, extent: number, out: number, stride: number, padding: number) {
  return Array.from({ length: kernel }, (_, tap) => {
    const first = Math.max(0, Math.ceil((padding - tap) / stride));
    const end = Math.min(out, Math.floor((extent - 1 + padding - tap) / stride) + 1);
    return { first: Math.min(first, out - 1), count: Math.max(0, end - first) };
  });
}

interface Plan {
  readonly taps: readonly {
    readonly x: number;
    readonly dy: number;
    readonly pixels: number;
    readonly target: number;
  }[];
  readonly vectorsATile: number;
  /** Bytes from one input channel's weights to the next one's. */
  readonly inBytes: number;
  readonly sections: number;
  /** Tiles in a section, in a unit, and units. */
  readonly inBlocks: number;
  readonly inBlocksAUnit: number;
  readonly inChunks: number;
  readonly outBlocks: number;
  readonly outBlocksAUnit: number;
  readonly outChunks: number;
}

/** @param dySelections which of dy's selections each tap takes */
function planOf(
  { gradient }: WeightGradient,
  sections: number,
  vectorsATile: number,
  x: PackedPixels,
  dy: PackedPixels,
  dySelections: readonly number[],
): Plan {
  const { inChannels, outChannels, kernelWidth, strides } = gradient;
  const taps = x.pixels.map((pixels, tap) => ({
    x: x.offsets[tap],
    dy: dy.offsets[dySelections[tap]],
    pixels,
    target: Math.floor(tap / kernelWidth) * strides.row + (tap % kernelWidth) * strides.column,
  }));
  const [inBlocks, outBlocks] = [inChannels / channelsATile, outChannels / sections / (4 * vectorsATile)];
  const products = x.pixels.reduce((sum, pixels) => sum + pixels, 0) * inChannels * outChannels;
  const most = Math.max(...x.pixels, 1);
  const outBlocksAUnit = Math.max(
    1,
    Math.min(outBlocks, Math.floor(cachedBytes / (most * vectorsATile * vectorBytes))),
  );
  const tileWork = (products / taps.length / (sections * inBlocks * outBlocks)) * outBlocksAUnit;
  const wanted = Math.max(1, Math.round(workOfUnit(products) / Math.max(1, tileWork)));
  const inBlocksAUnit = Math.min(inBlocks, wanted);
  return {
    taps,
    vectorsATile,
    inBytes: strides.in,
    sections,
    inBlocks,
    inBlocksAUnit,
    inChunks: Math.ceil(inBlocks / inBlocksAUnit),
    outBlocks,
    outBlocksAUnit,
    outChunks: Math.ceil(outBlocks / outBlocksAUnit),
  };
}

interface Places {
  readonly x: Local;
  readonly dy: Local;
  readonly target: Local;
}

function writeUnit(e: Emitter, f: FunctionBuilder, plan: Plan, unit: Local, bases: Places): void {
  const { taps, inBytes, sections, vectorsATile } = plan;
  const { inBlocks, inBlocksAUnit, inChunks, outBlocks, outBlocksAUnit, outChunks } = plan;
  const tap = f.let(i32.divU(unit, sections * inChunks * outChunks));
  const section = f.let(i32.remU(i32.divU(unit, inChunks * outChunks), sections));
  const firstIn = f.let(i32.mul(i32.remU(i32.divU(unit, outChunks), inChunks), inBlocksAUnit));
  const firstOut = f.let(i32.mul(i32.remU(unit, outChunks), outBlocksAUnit));
  const inCount = f.least(i32.sub(inBlocks, firstIn), inBlocksAUnit);
  const outCount = f.least(i32.sub(outBlocks, firstOut), outBlocksAUnit);
  const of = (key: 'x' | 'dy' | 'pixels' | 'target'): Local =>
    lookUp(
      f,
      tap,
      taps.map((values) => values[key]),
    );
  const pixels = of('pixels');
  const xBlock = f.let(i32.mul(pixels, vectorBytes));
  const dyBlock = f.let(i32.mul(pixels, vectorsATile * vectorBytes));
  const block = (first: Local, count: number): Code => i32.add(i32.mul(section, count), first);
  const out = f.let(block(firstOut, outBlocks));
  const dyStart = f.let(i32.add(bases.dy, of('dy'), i32.mul(out, dyBlock)));
  const x = f.let(i32.add(bases.x, of('x'), i32.mul(block(firstIn, inBlocks), xBlock)));
  const firstTarget = i32.add(i32.mul(firstIn, channelsATile * inBytes), i32.mul(out, vectorsATile * vectorBytes));
  const line = f.let(i32.add(bases.target, of('target'), firstTarget));
  const chunks = Math.ceil(Math.max(...taps.map((values) => values.pixels)) / pixelsAChunk);

  f.repeat(inCount, () => {
    const tiles = (start: Local | undefined, count: Local): void => {
      const xPlace = f.let(start ? i32.add(x, i32.mul(start, vectorBytes)) : x);
      const dy = f.let(start ? i32.add(dyStart, i32.mul(start, vectorsATile * vectorBytes)) : dyStart);
      const target = f.let(line);
      f.repeat(outCount, () => {
        writeTile(e, f, plan, { x: xPlace, dy, target }, count, start);
        f.advance(dy, dyBlock);
        f.advance(target, vectorsATile * vectorBytes);
      });
    };
    if (chunks <= 1) tiles(undefined, pixels);
    else {
      const start = f.let(i32.const(0));
      f.doWhile(
        () => {
          tiles(start, f.least(i32.sub(pixels, start), pixelsAChunk));
          f.advance(start, pixelsAChunk);
        },
        () => i32.ltS(start, pixels),
      );
    }
    f.advance(x, xBlock);
    f.advance(line, channelsATile * inBytes);
  });
}

/** @param start of the pixels, where they come in chunks: all but the first are added */
function writeTile(
  e: Emitter,
  f: FunctionBuilder,
  { inBytes, vectorsATile }: Plan,
  places: Places,
  count: Local,
  start: Local | undefined,
): void {
  const tile = new Tile(e, f, channelsATile, vectorsATile);
  const [x, dy] = [f.let(places.x), f.let(places.dy)];
  tile.accumulate(() =>
    tile.run(
      count,
      (k) =>
        tile.step(
          (c) => v128.load32Splat(x, k * vectorBytes + c * 4),
          (v) => v128.load(dy, (k * vectorsATile + v) * vectorBytes),
        ),
      (steps) => {
        f.advance(x, steps * vectorBytes);
        f.advance(dy, steps * vectorsATile * vectorBytes);
      },
    ),
  );
  const { target } = places;
  const offset = (c: number, v: number): number => c * inBytes + v * vectorBytes;
  if (!start) tile.store(target, offset);
  else
    f.if(
      start,
      () => tile.add(target, offset),
      () => tile.store(target, offset),
    );
}
