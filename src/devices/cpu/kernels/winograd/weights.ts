// Weights on their way to the products: U = G g G' for every pair of channels, as [position][group of out][in][group's out]; and back,
// the weight gradient G' dU G from [part][position][in][out].

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Buffer, Emitter, Weights } from '../../step.ts';
import { type Code, f32x4, i32, v128 } from '../../wasm.ts';
import { forEachPair, forEachVector, transposed } from '../vectors.ts';
import { type Filters, kernelSize, taps, weightPositionsOf } from './filters.ts';
import { sumStride, vectorsAGroup, weightStride } from './products.ts';
import { transform2d, workBytes } from './transforms.ts';

/** Of the forward convolution; or turned round and transposed, as the input gradient wants them. */
export type Direction = 'forward' | 'turned';

/** Channels in and vectors of channels out of the products; all four channels of a vector are among them. */
export interface TransformedWeights {
  readonly buffer: Buffer;
  readonly inChannels: number;
  readonly outVectors: number;
}

const channelsAUnit = 16;

/** A unit is a group of channels out with some channels in: it writes runs of memory. */
export function transformWeights(
  e: Emitter,
  weights: Weights,
  filters: Filters,
  direction: Direction,
): TransformedWeights {
  const { strides } = weights;
  const [rows, columns] = filters;
  const outVectors = Math.ceil((direction === 'forward' ? weights.outChannels : weights.inChannels) / 4);
  const inChannels = direction === 'forward' ? weights.inChannels : Math.ceil(weights.outChannels / 4) * 4;
  const stride = weightStride(inChannels, outVectors);
  const chunks = Math.ceil(inChannels / channelsAUnit);
  const [inStride, outStride] = direction === 'forward' ? [strides.in, strides.out] : [strides.out, strides.in];
  const groupVectors = vectorsAGroup(e);
  const details = [filters, direction, weights.inChannels, weights.outChannels, strides];
  const kernel = e.module.once('winograd weights', details, 5, (f, source, target, scratch, from, to) => {
    const turned = f.let(i32.add(scratch, workBytes));
    f.for(from, to, (unit) => {
      const group = f.let(i32.divU(unit, chunks));
      const channel = f.let(i32.mul(i32.remU(unit, chunks), channelsAUnit));
      const count = f.least(i32.sub(inChannels, channel), channelsAUnit);
      const vector = f.let(i32.mul(group, groupVectors));
      const vectors = f.least(i32.sub(outVectors, vector), groupVectors);
      const rowBytes = f.let(i32.mul(vectors, vectorBytes));
      const place = f.let(i32.add(source, i32.mul(vector, 4 * outStride), i32.mul(channel, inStride)));
      const into = f.let(
        i32.add(target, i32.mul(group, inChannels * groupVectors * vectorBytes), i32.mul(channel, rowBytes)),
      );
      const transform = (load: (u: number, v: number) => Code, at: Local): void =>
        transform2d(
          e,
          f,
          [rows.weight, columns.weight],
          load,
          (i, j, value) => f.emit(v128.store(at, value, (i * columns.weights + j) * stride)),
          scratch,
        );
      const step = direction === 'forward' ? 1 : 4;
      f.repeat(step === 1 ? count : i32.shrU(count, 2), () => {
        const [taken, row] = [f.let(place), f.let(into)];
        const left = f.let(vectors);
        f.doWhile(
          () => {
            if (direction === 'forward') {
              transform((u, v) => v128.load(taken, u * strides.row + v * strides.column), row);
            } else {
              const isLast = i32.eq(i32.add(vector, i32.sub(vectors, left)), outVectors - 1);
              transposeSquare(f, taken, turned, weights, isLast);
              const [square, at] = [f.let(turned), f.let(row)];
              f.repeat(4, () => {
                const last = kernelSize - 1;
                transform((u, v) => v128.load(square, ((last - u) * kernelSize + last - v) * vectorBytes), at);
                f.advance(square, taps * vectorBytes);
                f.advance(at, rowBytes);
              });
            }
            f.advance(taken, 4 * outStride);
            f.advance(row, vectorBytes);
            f.set(left, i32.sub(left, 1));
          },
          () => left,
        );
        f.advance(place, step * inStride);
        f.advance(into, step === 1 ? rowBytes : i32.shl(rowBytes, 2));
      });
    });
  });
  const buffer = e.scratch('transformed weights', weightPositionsOf(filters) * stride);
  e.step({
    name: 'winograd weights',
    kernel,
    arguments: [weights.buffer, buffer, { threadBytes: workBytes + 4 * taps * vectorBytes }],
    units: Math.ceil(outVectors / groupVectors) * chunks,
    reads: [weights.buffer],
    writes: [buffer],
  });
  return { buffer, inChannels, outVectors };
}

/** Of 4 channels in x 4 channels out, to [out][tap][in]. There may be fewer channels in left than 4. */
function transposeSquare(f: FunctionBuilder, from: Local, to: Local, weights: Weights, isLast: Code): void {
  const { strides, inChannels } = weights;
  const square = (rows: number): void => {
    for (let tap = 0; tap < taps; tap++) {
      const offset = Math.floor(tap / kernelSize) * strides.row + (tap % kernelSize) * strides.column;
      const taken = [0, 1, 2, 3].map((row) =>
        f.vector(row < rows ? v128.load(from, offset + row * strides.in) : f32x4.const(0)),
      );
      transposed(f, taken).forEach((column, row) => {
        f.emit(v128.store(to, column, (row * taps + tap) * vectorBytes));
      });
    }
  };
  const rest = inChannels % 4;
  if (rest === 0) square(4);
  else
    f.if(
      isLast,
      () => square(rest),
      () => square(4),
    );
}

/**
 * @param sums [part][position][in][out], channels in padded to whole vectors
 * @param parts how many there are; they are added up
 */
export function transformGradient(e: Emitter, filters: Filters, sums: Buffer, parts: number, gradient: Weights): void {
  const [rows, columns] = filters;
  const positions = weightPositionsOf(filters);
  const { inChannels, strides } = gradient;
  const inVectors = Math.ceil(inChannels / 4);
  const outVectors = Math.ceil(gradient.outChannels / 4);
  const rowBytes = outVectors * vectorBytes;
  const stride = sumStride(inVectors, outVectors);
  const totalBytes = parts > 1 ? positions * rowBytes : 0;
  const details = [filters, inChannels, outVectors, parts, strides];
  const kernel = e.module.once('winograd weight gradient', details, 5, (f, source, target, scratch, from, to) => {
    f.for(from, to, (channel) => {
      const place = f.let(i32.add(source, i32.mul(channel, rowBytes)));
      const into = f.let(i32.add(target, i32.mul(channel, strides.in)));
      if (parts > 1) {
        const totals = f.let(i32.add(scratch, workBytes));
        addRows(e, f, place, totals, { positions, vectors: outVectors, parts, stride });
        f.set(place, totals);
      }
      const distance = parts > 1 ? rowBytes : stride;
      forEachVector(
        e,
        f,
        outVectors,
        ({ offset }) =>
          transform2d(
            e,
            f,
            [rows.weightGradient, columns.weightGradient],
            (i, j) => v128.load(place, (i * columns.weights + j) * distance + offset),
            (u, v, value) => f.emit(v128.store(into, value, u * strides.row + v * strides.column + offset)),
            scratch,
          ),
        (bytes) => {
          f.advance(place, bytes);
          f.advance(into, bytes);
        },
      );
    });
  });
  e.step({
    name: 'winograd weight gradient',
    kernel,
    arguments: [sums, gradient.buffer, { threadBytes: workBytes + totalBytes }],
    units: inChannels,
    reads: [sums],
    writes: [gradient.buffer],
  });
}

/** totals[position][out] = sum over parts of [part][position][out], in their order. */
function addRows(
  e: Emitter,
  f: FunctionBuilder,
  from: Local,
  totals: Local,
  sizes: { readonly positions: number; readonly vectors: number; readonly parts: number; readonly stride: number },
): void {
  const { positions, vectors, parts, stride } = sizes;
  const [row, into] = [f.let(from), f.let(totals)];
  f.repeat(positions, () => {
    const vector = f.let(row);
    forEachPair(e, f, vectors, (copies) => {
      const part = f.let(vector);
      const sums = copies.map(({ offset }) => f.vector(v128.load(part, offset)));
      f.repeat(parts - 1, () => {
        f.advance(part, positions * stride);
        for (const { index, offset } of copies) f.set(sums[index], f32x4.add(sums[index], v128.load(part, offset)));
      });
      for (const { index, offset } of copies) f.emit(v128.store(into, sums[index], offset));
      f.advance(vector, copies.length * vectorBytes);
      f.advance(into, copies.length * vectorBytes);
    });
    f.advance(row, stride);
  });
}
