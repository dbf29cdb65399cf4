// The weight gradient of any convolution:
//
//   dw[u, v, c, o] = sum over images n and pixels i, j of x[n, i*stride + u, j*stride + v, c] * dy[n, i, j, o]
//
// A block is 4 pairs (v, c) x 8 output channels, added up in registers over some rows. Rows are dealt out to a fixed number
// of parts, each with its own sums; a second step adds these up in order.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter } from '../../step.ts';
import { type Code, f32x4, i32, type, v128 } from '../../wasm.ts';
import type { WeightGradient } from '../convolution.ts';
import { sumParts } from '../sum-parts.ts';
import { describe, operationsOf } from './convolution.ts';

const maximumParts = 16;
const pairsAtATime = 4;
const vectorsAtATime = 2;

export function plainWeightGradient(e: Emitter, call: WeightGradient): void {
  const { x, upstream, gradient } = call;
  const rows = upstream.geometry.n * upstream.geometry.h;
  const parts = Math.min(rows, maximumParts);
  const bytes = gradient.kernelHeight * gradient.strides.row;
  const partials = e.scratch('weight gradients', parts * bytes);
  e.step({
    name: `conv2dWeightGradient ${describe(gradient, upstream.geometry)}`,
    kernel: partKernel(e, call, parts),
    arguments: [x.buffer, upstream.buffer, partials],
    units: parts * gradient.kernelHeight,
    reads: [x.buffer, upstream.buffer],
    writes: [partials],
    operations: operationsOf(gradient, upstream.geometry),
  });
  sumParts(e, partials, parts, bytes, gradient.buffer);
}

/** Parameters: x, upstream gradient, partial sums, from, to; a unit is a kernel row of a part. */
function partKernel(e: Emitter, { x, upstream, gradient, window }: WeightGradient, parts: number) {
  const [g, dy] = [x.geometry, upstream.geometry];
  const { kernelHeight, kernelWidth, inChannels, strides } = gradient;
  const rows = dy.n * dy.h;
  const key = JSON.stringify([g, dy, kernelHeight, kernelWidth, inChannels, strides, window, parts]);
  return e.module.once(`conv2dWeightGradient ${key}`, () =>
    e.module.function(
      'conv2dWeightGradient',
      Array<typeof type.i32>(5).fill(type.i32),
      (f, source, dySource, partials, from, to) => {
        const offset = g.origin - window.padding[0] * g.rowBytes - window.padding[1] * g.pixelBytes;
        f.for(from, to, (unit) => {
          const part = f.let(i32.divU(unit, kernelHeight));
          const u = f.let(i32.remU(unit, kernelHeight));
          const sums = f.let(
            i32.add(partials, i32.add(i32.mul(part, kernelHeight * strides.row), i32.mul(u, strides.row))),
          );
          clear(f, sums, strides.row);
          const bound = (index: Code): Code => i32.divU(i32.mul(index, rows), parts);
          f.for(bound(part), f.let(bound(i32.add(part, 1))), (row) => {
            const image = f.let(i32.divU(row, dy.h));
            const i = f.let(i32.remU(row, dy.h));
            const xRow = i32.add(i32.mul(i, window.stride[0]), u);
            const xPlace = i32.add(i32.mul(image, g.imageBytes), i32.mul(xRow, g.rowBytes));
            const dyPlace = i32.add(i32.mul(image, dy.imageBytes), i32.mul(i, dy.rowBytes));
            const xStart = f.let(i32.add(i32.add(source, offset), xPlace));
            const dyStart = f.let(i32.add(i32.add(dySource, dy.origin), dyPlace));
            forEachPairs(f, kernelWidth, inChannels, g.pixelBytes, strides, (count, offsets, base) => {
              const xBlock = f.let(i32.add(xStart, base.x));
              const sumBlock = f.let(i32.add(sums, base.sum));
              const dyBlock = f.let(dyStart);
              const group = (vectors: number): void => {
                writeBlock(e, f, {
                  x: xBlock,
                  dy: dyBlock,
                  sums: sumBlock,
                  offsets: offsets.slice(0, count),
                  vectors,
                  columns: dy.w,
                  xStep: window.stride[1] * g.pixelBytes,
                  dyStep: dy.pixelBytes,
                });
                f.advance(dyBlock, vectors * vectorBytes);
                f.advance(sumBlock, vectors * vectorBytes);
              };
              const vectors = dy.stored / 4;
              const whole = Math.floor(vectors / vectorsAtATime);
              if (whole > 0) f.repeat(whole, () => group(vectorsAtATime));
              if (vectors % vectorsAtATime > 0) group(1);
            });
          });
        });
      },
    ),
  );
}

interface PairOffset {
  readonly x: number;
  readonly sum: number;
}

/** Blocks of pairs (v, c): their places from a base, which moves in loops where there are many. */
function forEachPairs(
  f: FunctionBuilder,
  kernelWidth: number,
  channels: number,
  pixelBytes: number,
  strides: { readonly column: number; readonly in: number },
  body: (count: number, offsets: readonly PairOffset[], base: { x: Local; sum: Local }) => void,
): void {
  const base = { x: f.let(i32.const(0)), sum: f.let(i32.const(0)) };
  if (channels < pairsAtATime) {
    const pairs = Array.from({ length: kernelWidth * channels }, (_, k) => {
      const [v, c] = [Math.floor(k / channels), k % channels];
      return { x: v * pixelBytes + c * 4, sum: v * strides.column + c * strides.in };
    });
    for (let k = 0; k < pairs.length; k += pairsAtATime) {
      const block = pairs.slice(k, k + pairsAtATime);
      body(block.length, block, base);
    }
    return;
  }
  const offsets = Array.from({ length: pairsAtATime }, (_, c) => ({ x: c * 4, sum: c * strides.in }));
  const blocks = Math.floor(channels / pairsAtATime);
  f.repeat(kernelWidth, () => {
    const block = (count: number): void => {
      body(count, offsets, base);
      f.advance(base.x, count * 4);
      f.advance(base.sum, count * strides.in);
    };
    f.repeat(blocks, () => block(pairsAtATime));
    if (channels % pairsAtATime > 0) block(channels % pairsAtATime);
    f.advance(base.x, pixelBytes - channels * 4);
    f.advance(base.sum, strides.column - channels * strides.in);
  });
}

interface Block {
  readonly x: Local;
  readonly dy: Local;
  readonly sums: Local;
  readonly offsets: readonly PairOffset[];
  readonly vectors: number;
  readonly columns: number;
  readonly xStep: number;
  readonly dyStep: number;
}

const columnsUnrolled = 4;

/** sums += the products of one row. */
function writeBlock(e: Emitter, f: FunctionBuilder, block: Block): void {
  const { offsets, vectors, columns, xStep, dyStep } = block;
  const accumulators = f.locals(offsets.length * vectors, type.v128);
  const loaded = f.locals(vectors, type.v128);
  const spread = f.locals(offsets.length, type.v128);
  const [x, dy] = [f.let(block.x), f.let(block.dy)];
  accumulators.forEach((accumulator, k) => {
    f.set(accumulator, v128.load(block.sums, offsets[Math.floor(k / vectors)].sum + (k % vectors) * vectorBytes));
  });
  const steps = (count: number): void => {
    for (let j = 0; j < count; j++) {
      loaded.forEach((vector, v) => {
        f.set(vector, v128.load(dy, j * dyStep + v * vectorBytes));
      });
      spread.forEach((vector, p) => {
        f.set(vector, v128.load32Splat(x, j * xStep + offsets[p].x));
      });
      accumulators.forEach((accumulator, k) => {
        f.set(accumulator, e.madd(spread[Math.floor(k / vectors)], loaded[k % vectors], accumulator));
      });
      f.schedulingBoundary();
    }
    f.advance(x, count * xStep);
    f.advance(dy, count * dyStep);
  };
  f.schedulingRegion(() => {
    if (columns >= columnsUnrolled) f.repeat(Math.floor(columns / columnsUnrolled), () => steps(columnsUnrolled));
    if (columns % columnsUnrolled > 0) steps(columns % columnsUnrolled);
  });
  accumulators.forEach((accumulator, k) => {
    f.emit(v128.store(block.sums, accumulator, offsets[Math.floor(k / vectors)].sum + (k % vectors) * vectorBytes));
  });
}

function clear(f: FunctionBuilder, start: Local, bytes: number): void {
  const place = f.let(start);
  f.repeat(bytes / vectorBytes, () => {
    f.emit(v128.store(place, f32x4.const(0)));
    f.advance(place, vectorBytes);
  });
}
