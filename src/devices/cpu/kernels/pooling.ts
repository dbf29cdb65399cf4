// Maximum and average over sliding windows, with their gradients. Windows are clipped to the image, so no halo is needed. The
// plain versions are in devices/reference/pooling.ts.
//
// A unit is an image, or some of its channels where there are few images. It goes from window to window as they lie in memory,
// so rows that windows share stay in the cache from one row of windows to the next, and computes a cache line of channels at
// a time.

import type { PoolWindow } from '../../../tensor/operations/pooling.ts';
import type { FunctionBuilder, Local } from '../assembler.ts';
import { type Geometry, vectorBytes } from '../geometry.ts';
import type { Emitter } from '../step.ts';
import { f32x4, i32, i32x4, select, v128 } from '../wasm.ts';

export interface PoolKernel {
  readonly kernel: FunctionBuilder;
  readonly units: number;
}

/** Parameters: x, y, from, to. */
export function pool(e: Emitter, kind: 'max' | 'average', x: Geometry, y: Geometry, window: PoolWindow): PoolKernel {
  const share = f32x4.const(1 / (window.kernel[0] * window.kernel[1]));
  return poolKernel(e, { name: `${kind}Pool2d`, images: [x], y, window, at: 1 }, (f, at, vectors) => {
    const results = f.vectors(vectors);
    for (const result of results) f.set(result, f32x4.const(kind === 'max' ? Number.NEGATIVE_INFINITY : 0));
    at.forEachPixel(([pixel]) => {
      results.forEach((result, v) => {
        const value = v128.load(pixel, v * vectorBytes);
        f.set(result, kind === 'max' ? f32x4.max(result, value) : f32x4.add(result, value));
      });
    });
    results.forEach((result, v) => {
      f.emit(v128.store(at.y, kind === 'max' ? result : f32x4.mul(result, share), v * vectorBytes));
    });
  });
}

/** Parameters: upstream gradient, x, dx, from, to. */
export function maxPoolGradient(
  e: Emitter,
  upstream: Geometry,
  x: Geometry,
  dx: Geometry,
  window: PoolWindow,
): PoolKernel {
  const job = { name: 'maxPool2dGradient', images: [x, dx], y: upstream, window, at: 0, cleared: 1 };
  return poolKernel(e, job, (f, at, vectors) => {
    const [largest, open] = [f.vectors(vectors), f.vectors(vectors)];
    const [value, wins] = f.vectors(2);
    for (const local of largest) f.set(local, f32x4.const(Number.NEGATIVE_INFINITY));
    at.forEachPixel(([pixel]) => {
      largest.forEach((local, v) => {
        f.set(local, f32x4.max(local, v128.load(pixel, v * vectorBytes)));
      });
    });
    // The first pixel that equals the maximum (or is NaN, like it) takes the gradient, in each channel.
    for (const local of open) f.set(local, i32x4.const(-1));
    at.forEachPixel(([pixel, target]) => {
      for (let v = 0; v < vectors; v++) {
        const offset = v * vectorBytes;
        f.set(value, v128.load(pixel, offset));
        f.set(wins, v128.and(open[v], v128.or(f32x4.eq(value, largest[v]), f32x4.ne(value, value))));
        f.set(open[v], v128.andnot(open[v], wins));
        const gradient = v128.and(v128.load(at.y, offset), wins);
        f.emit(v128.store(target, f32x4.add(v128.load(target, offset), gradient), offset));
      }
    });
  });
}

/** Parameters: upstream gradient, dx, from, to. */
export function averagePoolGradient(e: Emitter, upstream: Geometry, dx: Geometry, window: PoolWindow): PoolKernel {
  const share = f32x4.const(1 / (window.kernel[0] * window.kernel[1]));
  const job = { name: 'avgPool2dGradient', images: [dx], y: upstream, window, at: 0, cleared: 0 };
  return poolKernel(e, job, (f, at, vectors) => {
    const shares = f.vectors(vectors);
    shares.forEach((local, v) => {
      f.set(local, f32x4.mul(v128.load(at.y, v * vectorBytes), share));
    });
    at.forEachPixel(([pixel]) => {
      shares.forEach((local, v) => {
        f.emit(v128.store(pixel, f32x4.add(v128.load(pixel, v * vectorBytes), local), v * vectorBytes));
      });
    });
  });
}

interface Job {
  readonly name: string;
  /** Of one size: what the windows go over. */
  readonly images: readonly Geometry[];
  /** A pixel for each window. */
  readonly y: Geometry;
  readonly window: PoolWindow;
  /** Of y among the parameters. */
  readonly at: number;
  /** Which of the images is set to 0 before the windows come to it. */
  readonly cleared?: number;
}

/** A window, and the channels at hand. */
interface WindowPlace {
  /** The window's pixel of y. */
  readonly y: Local;
  /** Of the pixels that it covers, in row-major order: their places in each of the images. */
  forEachPixel(body: (places: readonly Local[]) => void): void;
}

type Visit = (f: FunctionBuilder, at: WindowPlace, vectors: number) => void;

/** A cache line. */
const vectorsALine = 4;
const lineBytes = vectorsALine * vectorBytes;
const fewestUnits = 16;

function poolKernel(e: Emitter, job: Job, visit: Visit): PoolKernel {
  const { images, y, window, name, at } = job;
  const lines = Math.ceil(y.stored / 4 / vectorsALine);
  const linesAUnit = Math.ceil(lines / Math.min(lines, Math.ceil(fewestUnits / y.n)));
  const unitsAnImage = Math.ceil(lines / linesAUnit);
  const geometries = [...images.slice(0, at), y, ...images.slice(at)];
  const kernel = e.module.once(name, [geometries, window], geometries.length + 2, (f, ...parameters) => {
    const [from, to] = parameters.slice(-2);
    f.for(from, to, (unit) => {
      const image = f.let(i32.divU(unit, unitsAnImage));
      const firstLine = f.let(i32.mul(i32.remU(unit, unitsAnImage), linesAUnit));
      const count = f.least(i32.sub(lines, firstLine), linesAUnit);
      const places = geometries.map(({ origin, imageBytes }, i) => {
        const offset = i32.add(i32.mul(image, imageBytes), i32.mul(firstLine, lineBytes));
        return f.let(i32.add(parameters[i], origin, offset));
      });
      const [yPlace] = places.splice(at, 1);
      writeWindows(f, job, { y: yPlace, images: places }, linesOf(f, y.stored / 4, firstLine, count), visit);
    });
  });
  return { kernel, units: y.n * unitsAnImage };
}

/** Runs a body for each line of channels of a unit, with its distance from the first one. */
type ForEachLine = (body: (offset: Local, vectors: number) => void) => void;

function linesOf(f: FunctionBuilder, vectors: number, firstLine: Local, count: Local): ForEachLine {
  const [whole, rest] = [Math.floor(vectors / vectorsALine), vectors % vectorsALine];
  const end = f.let(i32.add(firstLine, count));
  const wholeCount = rest === 0 ? count : f.let(i32.sub(f.least(end, whole), firstLine));
  return (body) => {
    const offset = f.let(i32.const(0));
    const wholeLines = (): void =>
      f.repeat(wholeCount, () => {
        body(offset, vectorsALine);
        f.advance(offset, lineBytes);
      });
    if (rest === 0) wholeLines();
    else {
      if (whole > 0) f.if(wholeCount, wholeLines);
      f.if(i32.gtS(end, whole), () => body(offset, rest));
    }
  };
}

interface Places {
  readonly y: Local;
  readonly images: readonly Local[];
}

function writeWindows(
  f: FunctionBuilder,
  { images, y, window, cleared }: Job,
  places: Places,
  forEachLine: ForEachLine,
  visit: Visit,
): void {
  const { h, w } = images[0];
  const clear = cleared === undefined ? () => {} : clearing(f, places.images[cleared], images[cleared], forEachLine);
  f.for(0, i32.const(y.h), (i) => {
    const [top, bottom] = clip(f, i, h, 0, window);
    clear(bottom);
    const row = f.let(i32.add(places.y, i32.mul(i, y.rowBytes)));
    f.for(0, i32.const(y.w), (j) => {
      const [left, right] = clip(f, j, w, 1, window);
      const corners = images.map((g, k) =>
        f.let(i32.add(places.images[k], i32.mul(top, g.rowBytes), i32.mul(left, g.pixelBytes))),
      );
      forEachLine((offset, vectors) => {
        const forEachPixel = (body: (pixels: readonly Local[]) => void): void => {
          const rows = corners.map((corner) => f.let(i32.add(corner, offset)));
          f.for(top, bottom, () => {
            const pixels = rows.map((start) => f.let(start));
            f.for(left, right, () => {
              body(pixels);
              pixels.forEach((pixel, k) => {
                f.advance(pixel, images[k].pixelBytes);
              });
            });
            rows.forEach((start, k) => {
              f.advance(start, images[k].rowBytes);
            });
          });
        };
        visit(f, { y: f.let(i32.add(row, offset)), forEachPixel }, vectors);
      });
      f.advance(row, y.pixelBytes);
    });
  });
  clear(f.let(i32.const(h)));
}

/** The rows (or columns) of x that window number `index` covers, as a half-open range. */
function clip(f: FunctionBuilder, index: Local, extent: number, axis: 0 | 1, window: PoolWindow): [Local, Local] {
  const first = f.let(i32.sub(i32.mul(index, window.stride[axis]), window.padding[axis]));
  const end = f.least(i32.add(first, window.kernel[axis]), extent);
  f.set(first, select(i32.ltS(first, 0), i32.const(0), first));
  return [first, end];
}

/** Sets rows to 0 from where it ended the last time to a given one. */
function clearing(f: FunctionBuilder, start: Local, g: Geometry, forEachLine: ForEachLine): (end: Local) => void {
  const [row, pixel] = [f.let(i32.const(0)), f.let(start)];
  return (end) => {
    f.for(row, end, () => {
      f.repeat(g.w, () => {
        forEachLine((offset, vectors) => {
          const place = f.let(i32.add(pixel, offset));
          for (let v = 0; v < vectors; v++) f.emit(v128.store(place, f32x4.const(0), v * vectorBytes));
        });
        f.advance(pixel, g.pixelBytes);
      });
      f.advance(pixel, g.rowBytes - g.w * g.pixelBytes);
      f.advance(row, 1);
    });
  };
}
