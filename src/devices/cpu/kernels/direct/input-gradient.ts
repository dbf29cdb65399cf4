// The input gradient. With i = output row, u = kernel row, h = i * stride + u - padding the input row they meet at:
//
//   dx[h] = sum over the taps u with (h + padding - u) = stride * i of w[u]^T dy[i]
//
// Rows with the same (h + padding) mod stride use the same taps, u = phase, phase + stride, ...: each phase is a dense
// correlation of dy with the weights of those taps, last one first, and gives every stride-th row; likewise for columns.
// A phase without taps gives zeros.

import type { Halo } from '../../geometry.ts';
import type { Emitter } from '../../step.ts';
import type { ConvolutionShape, InputGradient } from '../convolution.ts';
import { describe, operationsOf } from '../convolution.ts';
import { widthOf } from '../tile.ts';
import { type Correlation, correlationKernel, joinImages } from './correlation.ts';
import { type Reach, splitAtEdges } from './edges.ts';
import { spreadWeights } from './sections.ts';
import { vectorsAGroup } from './units.ts';
import { packWeights, type TapRange, tapCount } from './weights.ts';

/** One phase along one axis. */
interface Phase {
  /** Its first element of dx, and how many there are. */
  readonly first: number;
  readonly count: number;
  readonly taps: TapRange;
  /** The element of dy that the first tap reads for the first element. */
  readonly start: number;
}

function phasesOf(extent: number, kernel: number, stride: number, padding: number): Phase[] {
  return Array.from({ length: Math.min(stride, extent) }, (_, first) => {
    const phase = (first + padding) % stride;
    const count = Math.max(0, Math.ceil((kernel - phase) / stride));
    return {
      first,
      count: Math.ceil((extent - first) / stride),
      taps: { first: phase + (count - 1) * stride, step: -stride, count },
      start: Math.floor((first + padding) / stride) - (count - 1),
    };
  });
}

/** What the input gradient reads beyond the upstream gradient. */
export function inputGradientHalo(shape: ConvolutionShape): Halo {
  const { stride, padding } = shape.window;
  const along = (extent: number, out: number, kernel: number, axis: 0 | 1): [number, number] => {
    const phases = phasesOf(extent, kernel, stride[axis], padding[axis]).filter(({ taps }) => taps.count > 0);
    const before = Math.max(0, ...phases.map(({ start }) => -start));
    const after = Math.max(0, ...phases.map(({ start, count, taps }) => start + count + taps.count - 1 - out));
    return [before, after];
  };
  const [top, bottom] = along(shape.height, shape.outHeight, shape.kernelHeight, 0);
  const [left, right] = along(shape.width, shape.outWidth, shape.kernelWidth, 1);
  return { top, left, bottom, right };
}

export function directInputGradient(
  e: Emitter,
  { upstream, weights: stored, dx, window: { stride, padding, groups = 1 } }: InputGradient,
): void {
  const [g, out] = [upstream.geometry, dx.geometry];
  const { sections, weights } = spreadWeights(e, stored, groups);
  const vectors = out.stored / 4;
  const channels = weights.outChannels / sections;
  const rowPhases = phasesOf(out.h, weights.kernelHeight, stride[0], padding[0]);
  const columnPhases = phasesOf(out.w, weights.kernelWidth, stride[1], padding[1]);
  const phases = rowPhases.flatMap((row) => columnPhases.map((column) => ({ row, column })));
  const blocks = phases.map(({ row, column }) => ({ rows: row.taps, columns: column.taps }));
  let firstStep = 0;
  const shapes = phases.map(({ row, column }, i): Correlation => {
    const shape: Correlation = {
      images: out.n,
      rows: row.count,
      columns: column.count,
      taps: [row.taps.count, column.taps.count],
      channels,
      x: {
        start: g.origin + row.start * g.rowBytes + column.start * g.pixelBytes,
        image: g.imageBytes,
        row: g.rowBytes,
        column: g.pixelBytes,
        tapRow: g.rowBytes,
        tapColumn: g.pixelBytes,
        channel: 4,
      },
      y: {
        start: out.origin + row.first * out.rowBytes + column.first * out.pixelBytes,
        image: out.imageBytes,
        row: stride[0] * out.rowBytes,
        column: stride[1] * out.pixelBytes,
      },
      vectors,
      firstStep,
      section: sections > 1 ? { vectors: vectors / sections, bytes: channels * 4 } : undefined,
    };
    firstStep += tapCount(blocks[i]) * channels;
    return shape;
  });
  const reaches = phases.map(({ row, column }): Reach => {
    return { extent: [g.h, g.w], first: [row.start, column.start], stride: [1, 1] };
  });
  const joined = joinImages(splitAtEdges(shapes, reaches));
  const packing = { blocks, transposed: true, vectorsAGroup: vectorsAGroup(joined[0], widthOf(e)), sections };
  const packed = packWeights(e, weights, packing);
  const { kernel, units } = correlationKernel(e, 'conv2dInputGradient', joined, packed.layout);
  e.step({
    name: `conv2dInputGradient ${describe(stored, g, groups)}`,
    kernel,
    arguments: [upstream.buffer, packed.place, dx.buffer],
    units,
    reads: [upstream.buffer, packed.buffer],
    writes: [dx.buffer],
    operations: operationsOf(stored, g),
  });
}
