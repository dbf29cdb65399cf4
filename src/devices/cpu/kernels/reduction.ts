// Sums over axes. Channel sums come as float64 partial sums from a pass (pointwise.ts) and are combined here; sums over the
// pixels of each image are walked vector by vector; any other axes are walked one number at a time.

import { type Axis, axes } from '../../../compiler/view.ts';
import type { FunctionBuilder, Local } from '../assembler.ts';
import { type Geometry, vectorBytes } from '../geometry.ts';
import type { Emitter } from '../step.ts';
import { type Code, f32, f32x4, f64, f64x2, i32, type, v128 } from '../wasm.ts';
import { partBytes } from './channel-sums.ts';
import { forEachPlace } from './places.ts';
import { forEachPair } from './vectors.ts';

/** Parameters: partial sums, result, from, to; one unit. The parts are added in their order. */
export function combineSum(e: Emitter, channels: number, parts: number): FunctionBuilder {
  return e.module.once('combineSum', [channels, parts], 4, (f, partials, result) => {
    forEachBlock(f, channels, [partials], result, ([place]) => narrow(addParts(f, place, channels, parts)));
  });
}

/** Parameters: partial sums of x, of x^2, result, from, to; one unit. */
export function combineVariance(
  e: Emitter,
  channels: number,
  parts: readonly [number, number],
  count: number,
): FunctionBuilder {
  return e.module.once('combineVariance', [channels, parts, count], 5, (f, sums, squares, result) => {
    forEachBlock(f, channels, [sums, squares], result, ([sumPlace, squarePlace]) => {
      const sum = addParts(f, sumPlace, channels, parts[0]);
      const square = addParts(f, squarePlace, channels, parts[1]);
      const share = f64x2.const(1 / count);
      const variance = sum.map((half, i) => {
        const mean = f.vector(f64x2.mul(half, share));
        return f64x2.max(f64x2.sub(f64x2.mul(square[i], share), f64x2.mul(mean, mean)), f64x2.const(0));
      });
      return narrow(variance);
    });
  });
}

function forEachBlock(
  f: FunctionBuilder,
  channels: number,
  sources: readonly Local[],
  result: Local,
  compute: (places: readonly Local[]) => Code,
): void {
  f.repeat(Math.ceil(channels / 4), () => {
    f.emit(v128.store(result, compute(sources)));
    f.advance(result, vectorBytes);
    for (const source of sources) f.advance(source, 2 * vectorBytes);
  });
}

/** Four float64 sums, as two halves. */
function addParts(f: FunctionBuilder, start: Local, channels: number, parts: number): [Local, Local] {
  const place = f.let(start);
  const halves: [Local, Local] = [f.vector(f64x2.const(0)), f.vector(f64x2.const(0))];
  f.repeat(parts, () => {
    halves.forEach((half, i) => {
      f.set(half, f64x2.add(half, v128.load(place, i * vectorBytes)));
    });
    f.advance(place, partBytes(channels));
  });
  return halves;
}

const narrow = ([low, high]: readonly Code[]): Code =>
  f32x4.shuffle(f32x4.demoteF64Zero(low), f32x4.demoteF64Zero(high), [0, 1, 4, 5]);

/** Sums over the pixels of each image. Parameters: x, result, from, to; a unit is an image. */
export function spatialSum(e: Emitter, x: Geometry, result: Geometry): FunctionBuilder {
  return e.module.once('spatialSum', [x, result], 4, (f, source, target, from, to) => {
    f.for(from, to, (image) => {
      const block = f.let(i32.add(source, i32.mul(image, x.imageBytes), x.origin));
      const sum = f.let(i32.add(target, i32.mul(image, result.imageBytes), result.origin));
      forEachPair(e, f, x.stored / 4, (copies) => {
        const pixel = f.let(block);
        const totals = copies.map(() => f.vector(f32x4.const(0)));
        f.repeat(x.h, () => {
          const rows = copies.map(() => f.vector(f32x4.const(0)));
          f.repeat(x.w, () => {
            f.lockstep(copies.length, (i) => {
              f.set(rows[i], f32x4.add(rows[i], v128.load(pixel, copies[i].offset)));
            });
            f.advance(pixel, x.pixelBytes);
          });
          f.lockstep(copies.length, (i) => f.set(totals[i], f32x4.add(totals[i], rows[i])));
          f.advance(pixel, x.rowBytes - x.w * x.pixelBytes);
        });
        f.lockstep(copies.length, (i) => f.emit(v128.store(sum, totals[i], copies[i].offset)));
        f.advance(block, copies.length * vectorBytes);
        f.advance(sum, copies.length * vectorBytes);
      });
    });
  });
}

/** Sums over any axes, in float64. Parameters: x, result, from, to; a unit is an image of the result. */
export function sumAxes(e: Emitter, x: Geometry, result: Geometry, reduced: readonly Axis[]): FunctionBuilder {
  return e.module.once('sumAxes', [x, result, reduced], 4, (f, source, target, from, to) => {
    const total = f.local(type.f64);
    const outer = axes.filter((axis) => axis !== 'n' && axis !== 'c' && !reduced.includes(axis));
    f.for(from, to, (image) => {
      const first = f.let(
        i32.add(source, x.origin, reduced.includes('n') ? i32.const(0) : i32.mul(image, x.imageBytes)),
      );
      const firstResult = f.let(i32.add(target, result.origin, i32.mul(image, result.imageBytes)));
      forEachPlace(f, outer, [x, result], [first, firstResult], (pixels) => {
        const [here, there] = pixels.map((place) => f.let(place));
        f.repeat(result.c, () => {
          f.set(total, f64.const(0));
          forEachPlace(f, reduced, [x], [here], ([element]) =>
            f.set(total, f64.add(total, f64.promote(f32.load(element)))),
          );
          f.emit(f32.store(there, f32.demote(total)));
          f.advance(here, 4);
          f.advance(there, 4);
        });
        for (let pad = result.c; pad < result.stored; pad++) {
          f.emit(f32.store(there, f32.const(0)));
          f.advance(there, 4);
        }
      });
    });
  });
}
