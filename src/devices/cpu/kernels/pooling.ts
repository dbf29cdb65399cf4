// Maximum and average over sliding windows, with their gradients. Windows are clipped to the image, so no halo is needed. The
// plain versions are in devices/reference/pooling.ts.
//
// A unit is a cache line of channels of one image: all of what is loaded is used, and rows that windows share stay in the
// cache from one row of windows to the next.

import type { PoolWindow } from '../../../tensor/operations/pooling.ts';
import type { FunctionBuilder, Local } from '../assembler.ts';
import { type Geometry, geometryKey, vectorBytes } from '../geometry.ts';
import type { Emitter } from '../step.ts';
import { f32x4, i32, i32x4, select, type, v128 } from '../wasm.ts';

export interface PoolKernel {
  readonly kernel: FunctionBuilder;
  readonly units: number;
}

/** A cache line. */
const vectorsAUnit = 4;

const chunksOf = ({ stored }: Geometry): number => Math.ceil(stored / 4 / vectorsAUnit);

/** Parameters: x, y, from, to. */
export function pool(e: Emitter, kind: 'max' | 'average', x: Geometry, y: Geometry, window: PoolWindow): PoolKernel {
  const kernel = poolFunction(e, `${kind}Pool2d`, [x, y], window, (f, [xPlace, yPlace], vectors) => {
    const share = f32x4.const(1 / (window.kernel[0] * window.kernel[1]));
    const results = f.locals(vectors, type.v128);
    forEachWindow(f, [{ place: xPlace, geometry: x }], { place: yPlace, geometry: y }, window, (at) => {
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
  });
  return { kernel, units: x.n * chunksOf(x) };
}

/** Parameters: upstream gradient, x, dx, from, to. */
export function maxPoolGradient(
  e: Emitter,
  upstream: Geometry,
  x: Geometry,
  dx: Geometry,
  window: PoolWindow,
): PoolKernel {
  const kernel = poolFunction(e, 'maxPool2dGradient', [upstream, x, dx], window, (f, places, vectors) => {
    const [yPlace, xPlace, dxPlace] = places;
    const [largest, open] = [f.locals(vectors, type.v128), f.locals(vectors, type.v128)];
    const [value, wins] = f.locals(2, type.v128);
    const images = [
      { place: xPlace, geometry: x },
      { place: dxPlace, geometry: dx },
    ];
    const clear = clearing(f, dxPlace, dx, vectors);
    forEachWindow(
      f,
      images,
      { place: yPlace, geometry: upstream },
      window,
      (at) => {
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
      },
      clear,
    );
  });
  return { kernel, units: dx.n * chunksOf(dx) };
}

/** Parameters: upstream gradient, dx, from, to. */
export function averagePoolGradient(e: Emitter, upstream: Geometry, dx: Geometry, window: PoolWindow): PoolKernel {
  const kernel = poolFunction(e, 'avgPool2dGradient', [upstream, dx], window, (f, [yPlace, dxPlace], vectors) => {
    const share = f32x4.const(1 / (window.kernel[0] * window.kernel[1]));
    const shares = f.locals(vectors, type.v128);
    const clear = clearing(f, dxPlace, dx, vectors);
    forEachWindow(
      f,
      [{ place: dxPlace, geometry: dx }],
      { place: yPlace, geometry: upstream },
      window,
      (at) => {
        shares.forEach((local, v) => {
          f.set(local, f32x4.mul(v128.load(at.y, v * vectorBytes), share));
        });
        at.forEachPixel(([pixel]) => {
          shares.forEach((local, v) => {
            f.emit(v128.store(pixel, f32x4.add(v128.load(pixel, v * vectorBytes), local), v * vectorBytes));
          });
        });
      },
      clear,
    );
  });
  return { kernel, units: dx.n * chunksOf(dx) };
}

/** A function of images that have the same channels: the body is written for the channels of a unit. */
function poolFunction(
  e: Emitter,
  name: string,
  images: readonly Geometry[],
  { kernel, stride, padding }: PoolWindow,
  body: (f: FunctionBuilder, places: readonly Local[], vectors: number) => void,
): FunctionBuilder {
  const chunks = chunksOf(images[0]);
  const vectors = images[0].stored / 4;
  return e.module.once(`${name} ${images.map(geometryKey)} ${kernel} ${stride} ${padding}`, () =>
    e.module.function(name, Array<typeof type.i32>(images.length + 2).fill(type.i32), (f, ...parameters) => {
      const [from, to] = parameters.slice(-2);
      f.for(from, to, (unit) => {
        const [image, chunk] = [f.let(i32.divU(unit, chunks)), f.let(i32.remU(unit, chunks))];
        const places = images.map(({ origin, imageBytes }, i) => {
          const offset = i32.add(i32.mul(image, imageBytes), i32.mul(chunk, vectorsAUnit * vectorBytes));
          return f.let(i32.add(i32.add(parameters[i], origin), offset));
        });
        const [whole, rest] = [Math.floor(vectors / vectorsAUnit), vectors % vectorsAUnit];
        if (whole > 0) f.if(i32.ltS(chunk, whole), () => body(f, places, vectorsAUnit));
        if (rest > 0) f.if(i32.eq(chunk, whole), () => body(f, places, rest));
      });
    }),
  );
}

interface Placed {
  /** Of the first pixel. */
  readonly place: Local;
  readonly geometry: Geometry;
}

interface WindowPlace {
  /** The window's pixel of y. */
  readonly y: Local;
  /** Of the pixels that it covers, in row-major order: their places in each of the images. */
  forEachPixel(body: (places: readonly Local[]) => void): void;
}

/**
 * @param images of one size, over which the windows go
 * @param beforeRow is told the end of the rows that the next windows cover, and of all rows at the end
 */
function forEachWindow(
  f: FunctionBuilder,
  images: readonly Placed[],
  y: Placed,
  window: PoolWindow,
  visit: (at: WindowPlace) => void,
  beforeRow: (end: Local) => void = () => {},
): void {
  const { h, w } = images[0].geometry;
  f.for(0, i32.const(y.geometry.h), (i) => {
    const [top, bottom] = clip(f, i, h, 0, window);
    beforeRow(bottom);
    const yPlace = f.let(i32.add(y.place, i32.mul(i, y.geometry.rowBytes)));
    f.for(0, i32.const(y.geometry.w), (j) => {
      const [left, right] = clip(f, j, w, 1, window);
      const corners = images.map(({ place, geometry: g }) =>
        f.let(i32.add(place, i32.add(i32.mul(top, g.rowBytes), i32.mul(left, g.pixelBytes)))),
      );
      visit({
        y: yPlace,
        forEachPixel: (body) => {
          const rows = corners.map((corner) => f.let(corner));
          f.for(top, bottom, () => {
            const places = rows.map((row) => f.let(row));
            f.for(left, right, () => {
              body(places);
              places.forEach((place, k) => {
                f.advance(place, images[k].geometry.pixelBytes);
              });
            });
            rows.forEach((row, k) => {
              f.advance(row, images[k].geometry.rowBytes);
            });
          });
        },
      });
      f.advance(yPlace, y.geometry.pixelBytes);
    });
  });
  beforeRow(f.let(i32.const(h)));
}

/** The rows (or columns) of x that window number `index` covers, as a half-open range. */
function clip(f: FunctionBuilder, index: Local, extent: number, axis: 0 | 1, window: PoolWindow): [Local, Local] {
  const first = f.let(i32.sub(i32.mul(index, window.stride[axis]), window.padding[axis]));
  const end = f.let(i32.add(first, window.kernel[axis]));
  f.set(end, select(i32.gtS(end, extent), i32.const(extent), end));
  f.set(first, select(i32.ltS(first, 0), i32.const(0), first));
  return [first, end];
}

/** Sets rows to 0 from where it ended the last time to a given one. */
function clearing(f: FunctionBuilder, start: Local, g: Geometry, vectors: number): (end: Local) => void {
  const [row, place] = [f.let(i32.const(0)), f.let(start)];
  return (end) => {
    f.for(row, end, () => {
      f.repeat(g.w, () => {
        for (let v = 0; v < vectors; v++) f.emit(v128.store(place, f32x4.const(0), v * vectorBytes));
        f.advance(place, g.pixelBytes);
      });
      f.advance(place, g.rowBytes - g.w * g.pixelBytes);
      f.advance(row, 1);
    });
  };
}
