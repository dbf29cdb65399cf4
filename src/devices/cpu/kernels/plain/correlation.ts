// The inner loops that the forward convolution and its input gradient have in common: a correlation of images with a few
// taps, several output pixels and output channels at a time.
//
//   y[i, j, o] = sum over taps u, v and channels c of x[i*stride + u, j*stride + v, c] * w[u, v, c, o]
//
// A block is 4 output pixels x 8 output channels: eight accumulators, four numbers of x spread over vectors, two vectors of
// weights, which is what sixteen registers hold.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { type Geometry, vectorBytes } from '../../geometry.ts';
import type { Emitter } from '../../step.ts';
import { f32x4, i32, type, v128 } from '../../wasm.ts';

export interface Correlation {
  readonly x: Geometry;
  readonly y: Geometry;
  /** Kernel rows and columns; where one is 0, the result is 0. */
  readonly taps: readonly [number, number];
  /** Channels that are added up. */
  readonly channels: number;
  /** Steps of x for one step of the output. */
  readonly stride: readonly [number, number];
  /** Bytes from an image of x to what the first tap of the first output pixel reads. */
  readonly xStart: number;
  /** Output rows and columns that are computed. */
  readonly rows: number;
  readonly columns: number;
  /** Bytes from an image of y to its first pixel that is computed, and from one to the next. */
  readonly yStart: number;
  readonly yRow: number;
  readonly yColumn: number;
  /** Bytes between weights. */
  readonly weightRow: number;
  readonly weightColumn: number;
  readonly weightChannel: number;
}

const pixelsAtATime = 4;
const vectorsAtATime = 2;
/** Steps of one pass through the innermost loop. */
const unrolled = 4;

/** One output row of one image. */
export function writeRow(e: Emitter, f: FunctionBuilder, shape: Correlation, x: Local, weights: Local, y: Local): void {
  const vectors = shape.y.stored / 4;
  const [weight, out] = [f.let(weights), f.let(y)];
  const group = (count: number): void => {
    writeColumns(e, f, shape, x, weight, out, count);
    f.advance(weight, count * vectorBytes);
    f.advance(out, count * vectorBytes);
  };
  const whole = Math.floor(vectors / vectorsAtATime);
  if (whole > 0) f.repeat(whole, () => group(vectorsAtATime));
  if (vectors % vectorsAtATime > 0) group(vectors % vectorsAtATime);
}

function writeColumns(
  e: Emitter,
  f: FunctionBuilder,
  shape: Correlation,
  x: Local,
  weights: Local,
  y: Local,
  vectors: number,
): void {
  const [source, out] = [f.let(x), f.let(y)];
  const strip = (pixels: number): void => {
    writeBlock(e, f, shape, source, weights, out, pixels, vectors);
    f.advance(source, pixels * shape.stride[1] * shape.x.pixelBytes);
    f.advance(out, pixels * shape.yColumn);
  };
  const whole = Math.floor(shape.columns / pixelsAtATime);
  if (whole > 0) f.repeat(whole, () => strip(pixelsAtATime));
  if (shape.columns % pixelsAtATime > 0) strip(shape.columns % pixelsAtATime);
}

function writeBlock(
  e: Emitter,
  f: FunctionBuilder,
  shape: Correlation,
  x: Local,
  weights: Local,
  y: Local,
  pixels: number,
  vectors: number,
): void {
  const { taps, channels, weightChannel, stride } = shape;
  const { pixelBytes, rowBytes } = shape.x;
  const accumulators = f.locals(pixels * vectors, type.v128);
  const spread = f.locals(pixels, type.v128);
  const loaded = f.locals(vectors, type.v128);
  for (const accumulator of accumulators) f.set(accumulator, f32x4.const(0));
  const [xPlace, weightPlace] = [f.let(x), f.let(weights)];

  const step = (xOffset: number, weightOffset: number): void => {
    loaded.forEach((vector, v) => {
      f.set(vector, v128.load(weightPlace, weightOffset + v * vectorBytes));
    });
    spread.forEach((vector, p) => {
      f.set(vector, v128.load32Splat(xPlace, xOffset + p * stride[1] * pixelBytes));
    });
    accumulators.forEach((accumulator, k) => {
      const [p, v] = [Math.floor(k / vectors), k % vectors];
      f.set(accumulator, e.madd(spread[p], loaded[v], accumulator));
    });
    f.schedulingBoundary();
  };
  /** Steps that lie behind one another in x and in the weights. */
  const run = (length: number): void => {
    const steps = (count: number): void => {
      for (let k = 0; k < count; k++) step(k * 4, k * weightChannel);
      f.advance(xPlace, count * 4);
      f.advance(weightPlace, count * weightChannel);
    };
    if (length >= unrolled) f.repeat(Math.floor(length / unrolled), () => steps(unrolled));
    if (length % unrolled > 0) steps(length % unrolled);
  };
  const addUp = (): void => {
    const isDense = channels * 4 === pixelBytes && shape.weightColumn === channels * weightChannel;
    f.repeat(taps[0], () => {
      if (isDense) run(taps[1] * channels);
      else {
        f.repeat(taps[1], () => {
          run(channels);
          f.advance(xPlace, pixelBytes - channels * 4);
          f.advance(weightPlace, shape.weightColumn - channels * weightChannel);
        });
      }
      f.advance(xPlace, rowBytes - taps[1] * pixelBytes);
      f.advance(weightPlace, shape.weightRow - taps[1] * shape.weightColumn);
    });
  };
  if (taps[0] * taps[1] > 0) f.schedulingRegion(addUp);
  accumulators.forEach((accumulator, k) => {
    const [p, v] = [Math.floor(k / vectors), k % vectors];
    f.emit(v128.store(y, accumulator, p * shape.yColumn + v * vectorBytes));
  });
}

/**
 * Several correlations of the same images, each with its own weights behind the others'. Parameters: x, weights, y, from, to; a
 * unit is one output row of each (where it has that many) of one image.
 *
 * @param weightOffsets where the weights of each correlation begin
 */
export function correlationKernel(
  e: Emitter,
  name: string,
  shapes: readonly Correlation[],
  weightOffsets: readonly number[],
): { readonly kernel: FunctionBuilder; readonly rows: number } {
  const rows = Math.max(...shapes.map((shape) => shape.rows));
  const kernel = e.module.once(`${name} ${JSON.stringify([shapes, weightOffsets])}`, () =>
    e.module.function(name, Array<typeof type.i32>(5).fill(type.i32), (f, x, weights, y, from, to) => {
      f.for(from, to, (unit) => {
        const image = f.let(i32.divU(unit, rows));
        const row = f.let(i32.remU(unit, rows));
        shapes.forEach((shape, k) => {
          const offset = (imageBytes: number, rowBytes: number, start: number) =>
            i32.add(i32.add(i32.mul(image, imageBytes), i32.mul(row, rowBytes)), start);
          const work = (): void => {
            const source = f.let(
              i32.add(x, offset(shape.x.imageBytes, shape.stride[0] * shape.x.rowBytes, shape.xStart)),
            );
            const target = f.let(i32.add(y, offset(shape.y.imageBytes, shape.yRow, shape.yStart)));
            writeRow(e, f, shape, source, f.let(i32.add(weights, weightOffsets[k])), target);
          };
          if (shape.rows === rows) work();
          else f.if(i32.ltU(row, shape.rows), work);
        });
      });
    }),
  );
  return { kernel, rows };
}
