// Convolutions of every kernel, stride and padding, and their input gradients, as correlations.
//
// The input gradient: dx[h] is the sum over the taps u with h + padding - u = stride * i of w[u] dy[i]. Rows of dx with the
// same (h + padding) mod stride use the same taps, u = phase, phase + stride, ...: each phase is a dense correlation of dy
// with the weights of those taps, in reverse order and transposed, and writes every stride-th row (and column).

import type { Geometry, Halo } from '../../geometry.ts';
import type { Buffer, Emitter, Weights } from '../../step.ts';
import { f32, i32, type } from '../../wasm.ts';
import type { ConvolutionShape, Forward, InputGradient } from '../convolution.ts';
import { type Correlation, correlationKernel } from './correlation.ts';

type Axis = 0 | 1;

/** What a convolution reads beyond its input. */
export function forwardHalo(shape: ConvolutionShape): Halo {
  const [stride, padding] = [shape.window.stride, shape.window.padding];
  const end = (extent: number, out: number, kernel: number, axis: Axis): number =>
    Math.max(0, (out - 1) * stride[axis] + kernel - padding[axis] - extent);
  return {
    top: padding[0],
    left: padding[1],
    bottom: end(shape.height, shape.outHeight, shape.kernelHeight, 0),
    right: end(shape.width, shape.outWidth, shape.kernelWidth, 1),
  };
}

export function plainForward(e: Emitter, { x, weights, y, window }: Forward): void {
  const [g, out] = [x.geometry, y.geometry];
  const shape: Correlation = {
    x: g,
    y: out,
    taps: [weights.kernelHeight, weights.kernelWidth],
    channels: weights.inChannels,
    stride: window.stride,
    xStart: g.origin - window.padding[0] * g.rowBytes - window.padding[1] * g.pixelBytes,
    rows: out.h,
    columns: out.w,
    yStart: out.origin,
    yRow: out.rowBytes,
    yColumn: out.pixelBytes,
    weightRow: weights.strides.row,
    weightColumn: weights.strides.column,
    weightChannel: weights.strides.in,
  };
  e.step({
    name: `conv2d ${describe(weights, out)}`,
    kernel: correlationKernel(e, 'conv2d', [shape], [0]).kernel,
    arguments: [x.buffer, weights.buffer, y.buffer],
    units: out.n * out.h,
    reads: [x.buffer, weights.buffer],
    writes: [y.buffer],
    operations: operationsOf(weights, out),
  });
}

/** One phase along one axis. */
interface Phase {
  /** Its first element of dx, and how many there are. */
  readonly first: number;
  readonly count: number;
  /** Taps from the one that is used first (the largest u) on. */
  readonly taps: readonly number[];
  /** The element of dy that the first tap reads for the first element. */
  readonly start: number;
}

function phasesOf(extent: number, kernel: number, stride: number, padding: number): Phase[] {
  const phases: Phase[] = [];
  for (let first = 0; first < Math.min(stride, extent); first++) {
    const phase = (first + padding) % stride;
    const taps: number[] = [];
    for (let u = phase; u < kernel; u += stride) taps.unshift(u);
    const newest = Math.floor((first + padding) / stride);
    phases.push({ first, count: Math.ceil((extent - first) / stride), taps, start: newest - (taps.length - 1) });
  }
  return phases;
}

/** What the input gradient reads beyond the upstream gradient. */
export function inputGradientHalo(shape: ConvolutionShape): Halo {
  const { stride, padding } = shape.window;
  const along = (extent: number, out: number, kernel: number, axis: Axis): [number, number] => {
    const phases = phasesOf(extent, kernel, stride[axis], padding[axis]).filter(({ taps }) => taps.length > 0);
    const before = Math.max(0, ...phases.map(({ start }) => -start));
    const after = Math.max(0, ...phases.map(({ start, count, taps }) => start + count + taps.length - 1 - out));
    return [before, after];
  };
  const [top, bottom] = along(shape.height, shape.outHeight, shape.kernelHeight, 0);
  const [left, right] = along(shape.width, shape.outWidth, shape.kernelWidth, 1);
  return { top, left, bottom, right };
}

export function plainInputGradient(e: Emitter, { upstream, weights, dx, window }: InputGradient): void {
  const [g, out] = [upstream.geometry, dx.geometry];
  const rowPhases = phasesOf(out.h, weights.kernelHeight, window.stride[0], window.padding[0]);
  const columnPhases = phasesOf(out.w, weights.kernelWidth, window.stride[1], window.padding[1]);
  const phases = rowPhases.flatMap((rows) => columnPhases.map((columns) => ({ rows, columns })));
  const tapBytes = weights.outChannels * out.stored * 4;
  const taps: (readonly [number, number])[] = [];
  const offsets = phases.map(({ rows, columns }) => {
    const offset = taps.length * tapBytes;
    taps.push(...rows.taps.flatMap((u) => columns.taps.map((v) => [u, v] as const)));
    return offset;
  });
  const packed = packTransposed(e, weights, taps, out);
  const shapes = phases.map(
    ({ rows, columns }): Correlation => ({
      x: g,
      y: out,
      taps: [rows.taps.length, columns.taps.length],
      channels: weights.outChannels,
      stride: [1, 1],
      xStart: g.origin + rows.start * g.rowBytes + columns.start * g.pixelBytes,
      rows: rows.count,
      columns: columns.count,
      yStart: out.origin + rows.first * out.rowBytes + columns.first * out.pixelBytes,
      yRow: window.stride[0] * out.rowBytes,
      yColumn: window.stride[1] * out.pixelBytes,
      weightRow: columns.taps.length * tapBytes,
      weightColumn: tapBytes,
      weightChannel: out.stored * 4,
    }),
  );
  const { kernel, rows } = correlationKernel(e, 'conv2dInputGradient', shapes, offsets);
  e.step({
    name: `conv2dInputGradient ${describe(weights, g)}`,
    kernel,
    arguments: [upstream.buffer, packed, dx.buffer],
    units: out.n * rows,
    reads: [upstream.buffer, packed],
    writes: [dx.buffer],
    operations: operationsOf(weights, g),
  });
}

/** The weights of some taps (row, column) as [tap][out channel][in channel, padded]. */
export function packTransposed(
  e: Emitter,
  weights: Weights,
  taps: readonly (readonly [number, number])[],
  dx: Geometry,
): Buffer {
  const { strides, inChannels, outChannels } = weights;
  const channelBytes = dx.stored * 4;
  const packed = e.scratch('transposed weights', Math.max(1, taps.length) * outChannels * channelBytes);
  const key = `packTransposed ${taps.join(' ')} ${JSON.stringify(strides)} ${inChannels} ${outChannels} ${dx.stored}`;
  const kernel = e.module.once(key, () =>
    e.module.function('packTransposed', Array<typeof type.i32>(4).fill(type.i32), (f, source, target, from, to) => {
      f.for(from, to, (outChannel) => {
        taps.forEach(([u, v], tap) => {
          const element = i32.add(i32.mul(outChannel, strides.out), u * strides.row + v * strides.column);
          const place = f.let(i32.add(source, element));
          const into = f.let(
            i32.add(target, i32.add(i32.mul(outChannel, channelBytes), tap * outChannels * channelBytes)),
          );
          f.repeat(inChannels, () => {
            f.emit(f32.store(into, f32.load(place)));
            f.advance(place, strides.in);
            f.advance(into, 4);
          });
          for (let pad = inChannels; pad < dx.stored; pad++)
            f.emit(f32.store(into, f32.const(0), (pad - inChannels) * 4));
        });
      });
    }),
  );
  e.step({
    name: 'transpose weights',
    kernel,
    arguments: [weights.buffer, packed],
    units: outChannels,
    reads: [weights.buffer],
    writes: [packed],
  });
  return packed;
}

export const describe = ({ kernelHeight, kernelWidth, inChannels, outChannels }: Weights, y: Geometry): string =>
  `${kernelHeight}x${kernelWidth} ${inChannels} -> ${outChannels} at ${y.h}x${y.w}`;

export const operationsOf = ({ kernelHeight, kernelWidth, inChannels, outChannels }: Weights, y: Geometry): number =>
  2 * y.n * y.h * y.w * kernelHeight * kernelWidth * inChannels * outChannels;
