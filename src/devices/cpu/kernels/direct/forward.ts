// The forward convolution: a correlation of the input with the kernel, `stride` pixels on for each output pixel.

import type { Halo } from '../../geometry.ts';
import type { Emitter } from '../../step.ts';
import { statisticsOf } from '../channel-sums.ts';
import { type ConvolutionShape, describe, type Forward, operationsOf, type Statistics } from '../convolution.ts';
import { buffersOf } from '../epilogue.ts';
import { widthOf } from '../tile.ts';
import { workBytes } from './channel-sums.ts';
import { type Correlation, correlationKernel, joinImages } from './correlation.ts';
import { type Reach, splitAtEdges } from './edges.ts';
import { spreadWeights } from './sections.ts';
import { vectorsAGroup } from './units.ts';
import { readWeights } from './weights.ts';

/** What a convolution reads beyond its input. */
export function forwardHalo(shape: ConvolutionShape): Halo {
  const { stride, padding } = shape.window;
  const after = (extent: number, out: number, kernel: number, axis: 0 | 1): number =>
    Math.max(0, (out - 1) * stride[axis] + kernel - padding[axis] - extent);
  return {
    top: padding[0],
    left: padding[1],
    bottom: after(shape.height, shape.outHeight, shape.kernelHeight, 0),
    right: after(shape.width, shape.outWidth, shape.kernelWidth, 1),
  };
}

export function directForward(
  e: Emitter,
  { x, weights: stored, y, window: { stride, padding, groups = 1 }, statistics = false, epilogue }: Forward,
): Statistics | undefined {
  const [g, out] = [x.geometry, y.geometry];
  const { sections, weights } = spreadWeights(e, stored, groups);
  const vectors = out.stored / 4;
  const whole: Correlation = {
    images: out.n,
    rows: out.h,
    columns: out.w,
    taps: [weights.kernelHeight, weights.kernelWidth],
    channels: weights.inChannels,
    x: {
      start: g.origin - padding[0] * g.rowBytes - padding[1] * g.pixelBytes,
      image: g.imageBytes,
      row: stride[0] * g.rowBytes,
      column: stride[1] * g.pixelBytes,
      tapRow: g.rowBytes,
      tapColumn: g.pixelBytes,
      channel: 4,
    },
    y: { start: out.origin, image: out.imageBytes, row: out.rowBytes, column: out.pixelBytes },
    vectors,
    firstStep: 0,
    section: sections > 1 ? { vectors: vectors / sections, bytes: weights.inChannels * 4 } : undefined,
  };
  const reach: Reach = { extent: [g.h, g.w], first: [-padding[0], -padding[1]], stride };
  const shapes = joinImages(splitAtEdges([whole], [reach]));
  const pixels = out.n * out.h * out.w;
  const ready = readWeights(e, weights, vectorsAGroup(shapes[0], widthOf(e)), pixels);
  const { kernel, units, parts } = correlationKernel(e, 'conv2d', shapes, ready.layout, { statistics, epilogue });
  const found = statistics ? statisticsOf(e, out.c, parts) : undefined;
  const also = buffersOf(epilogue);
  const added = found ? [found.sums, found.squares] : [];
  e.step({
    name: `conv2d ${describe(stored, out, groups)}`,
    kernel,
    arguments: [x.buffer, ready.place, y.buffer, ...also, ...added, ...(found ? [{ threadBytes: workBytes }] : [])],
    units,
    reads: [x.buffer, ready.buffer, ...also],
    writes: [y.buffer, ...added],
    operations: operationsOf(stored, out),
  });
  return found;
}
