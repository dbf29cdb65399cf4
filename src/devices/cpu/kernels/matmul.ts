// Matrix products. Rows of a matrix are images of one pixel, so a product is a 1x1 convolution of these with the right
// matrix for weights; a transposed left matrix is one whose pixels and channels have changed places. A transposed right
// matrix is turned round first.

import type { Emitter, Image, Weights } from '../step.ts';
import { correlationKernel } from './direct/correlation.ts';
import { allTaps, packWeights, readWeights } from './direct/weights.ts';
import { vectorsFor, widthOf } from './tile.ts';

/**
 * result = a b, of [rows, columns] as n and c of images of one pixel. Each number is one sum from first to last.
 */
export function matmulKernel(
  e: Emitter,
  a: Image,
  b: Image,
  result: Image,
  { transposeA, transposeB }: { readonly transposeA: boolean; readonly transposeB: boolean },
): void {
  const [left, right, out] = [a.geometry, b.geometry, result.geometry];
  const inner = transposeA ? left.n : left.c;
  const vectorsAGroup = vectorsFor(out.n, widthOf(e));
  const [inChannels, outChannels] = [right.n, right.c];
  const bytes = right.n * right.imageBytes;
  const weights: Weights = {
    buffer: b.buffer,
    kernelHeight: 1,
    kernelWidth: 1,
    inChannels,
    outChannels,
    strides: { row: bytes, column: bytes, in: right.imageBytes, out: 4 },
  };
  const ready = transposeB
    ? packWeights(e, weights, { blocks: [allTaps(weights)], transposed: true, vectorsAGroup }, right.origin)
    : readWeights(e, weights, vectorsAGroup, out.n, right.origin);
  const [row, channel] = transposeA ? [4, left.imageBytes] : [left.imageBytes, 4];
  const { kernel, units } = correlationKernel(
    e,
    'matmul',
    [
      {
        images: 1,
        rows: out.n,
        columns: 1,
        taps: [1, 1],
        channels: inner,
        x: { start: left.origin, image: 0, row, column: 0, tapRow: 0, tapColumn: 0, channel },
        y: { start: out.origin, image: 0, row: out.imageBytes, column: 0 },
        vectors: out.stored / 4,
        firstStep: 0,
      },
    ],
    ready.layout,
  );
  e.step({
    name: `matmul ${out.n}x${inner}x${out.c}`,
    kernel,
    arguments: [a.buffer, ready.place, result.buffer],
    units,
    reads: [a.buffer, ready.buffer],
    writes: [result.buffer],
    operations: 2 * out.n * inner * out.c,
  });
}
