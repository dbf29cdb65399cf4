// Pixels of many channels lie thousands of bytes apart, and then only a few of them have room in the first cache level at
// once, for many of its sets of lines stay unused. This step brings them together: a few channels of all pixels behind one
// another. It takes selections of pixels, each of which is a rectangle in every image:
//
//   [selection][block of channels][image, row, column][channels of a block]

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Buffer, Emitter, Image } from '../../step.ts';
import { type Code, i32, v128 } from '../../wasm.ts';

export interface Selection {
  /** Bytes from the image's buffer to its first pixel. */
  readonly start: number;
  readonly rows: number;
  readonly columns: number;
}

export interface Packing {
  readonly selections: readonly Selection[];
  /** In bytes, from one selected pixel to the next. */
  readonly row: number;
  readonly column: number;
  readonly vectorsABlock: number;
}

export interface PackedPixels {
  readonly buffer: Buffer;
  /** Of each selection: where it begins in the buffer, and its pixels. */
  readonly offsets: readonly number[];
  readonly pixels: readonly number[];
}

/** A cache line. */
const vectorsAtATime = 4;

/** Channels are as many as are stored; blocks must divide them evenly. */
export function packPixels(e: Emitter, { buffer, geometry: g }: Image, packing: Packing): PackedPixels {
  const { selections, vectorsABlock } = packing;
  const vectors = g.stored / 4;
  const pixels = selections.map(({ rows, columns }) => g.n * rows * columns);
  const offsets = pixels.map((_, i) => pixels.slice(0, i).reduce((sum, count) => sum + count, 0) * g.pixelBytes);
  const all = pixels.reduce((sum, count) => sum + count, 0);
  const packed = e.scratch('packed pixels', Math.max(1, all) * g.stored * 4);
  const groups = Math.ceil(vectors / vectorsAtATime);
  const kernel = e.module.once('packPixels', [packing, g], 4, (f, source, target, from, to) => {
    f.for(from, to, (unit) => {
      const selection = f.let(i32.divU(unit, groups));
      const group = f.let(i32.remU(unit, groups));
      const of = (values: readonly number[]): Local => lookUp(f, selection, values);
      const count = of(pixels);
      f.if(count, () => {
        const firstVector = f.let(i32.mul(group, vectorsAtATime));
        const place = {
          from: f.let(i32.add(source, of(selections.map(({ start }) => start)), i32.mul(firstVector, 16))),
          to: f.let(i32.add(target, of(offsets), i32.mul(i32.mul(firstVector, 16), count))),
          rows: of(selections.map(({ rows }) => rows)),
          columns: of(selections.map(({ columns }) => columns)),
          blockBytes: f.let(i32.mul(count, vectorsABlock * vectorBytes)),
        };
        const [whole, rest] = [Math.floor(vectors / vectorsAtATime), vectors % vectorsAtATime];
        const write = (count: number): void => writeGroup(f, g, packing, count, place);
        if (rest === 0) write(vectorsAtATime);
        else
          f.if(
            i32.ltS(group, whole),
            () => write(vectorsAtATime),
            () => write(rest),
          );
      });
    });
  });
  e.step({
    name: 'pack pixels',
    kernel,
    units: selections.length * groups,
    reads: [buffer],
    writes: [packed],
  });
  return { buffer: packed, offsets, pixels };
}

interface Place {
  readonly from: Local;
  readonly to: Local;
  readonly rows: Local;
  readonly columns: Local;
  readonly blockBytes: Local;
}

function writeGroup(
  f: FunctionBuilder,
  { n, imageBytes }: { readonly n: number; readonly imageBytes: number },
  { row, column, vectorsABlock }: Packing,
  vectors: number,
  { from, to, rows, columns, blockBytes }: Place,
): void {
  const [image, line, pixel] = [f.let(from), f.local(), f.local()];
  const blocks = Math.ceil(vectors / vectorsABlock);
  const targets = Array.from({ length: blocks }, (_, block) => f.let(i32.add(to, i32.mul(blockBytes, block))));
  f.repeat(n, () => {
    f.set(line, image);
    f.repeat(rows, () => {
      f.set(pixel, line);
      f.repeat(columns, () => {
        for (let v = 0; v < vectors; v++) {
          const target = targets[Math.floor(v / vectorsABlock)];
          f.emit(v128.store(target, v128.load(pixel, v * vectorBytes), (v % vectorsABlock) * vectorBytes));
        }
        for (const target of targets) f.advance(target, vectorsABlock * vectorBytes);
        f.advance(pixel, column);
      });
      f.advance(line, row);
    });
    f.advance(image, imageBytes);
  });
}

/** values[index], of a few values that are known when the code is written. */
export function lookUp(f: FunctionBuilder, index: Code, values: readonly number[]): Local {
  const found = f.let(i32.const(values[0]));
  values.forEach((value, i) => {
    if (value !== values[0]) f.if(i32.eq(index, i), () => f.set(found, i32.const(value)));
  });
  return found;
}
