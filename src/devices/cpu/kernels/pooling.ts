// Maximum and average over sliding windows, with their gradients, four channels at a time. Windows are clipped to the image,
// so no halo is needed. The plain versions are in devices/reference/pooling.ts.

import type { PoolWindow } from '../../../tensor/operations/pooling.ts';
import type { FunctionBuilder, Local } from '../assembler.ts';
import { type Geometry, geometryKey, vectorBytes } from '../geometry.ts';
import type { Emitter } from '../step.ts';
import { type Code, f32x4, i32, i32x4, select, type, v128 } from '../wasm.ts';

const windowKey = ({ kernel, stride, padding }: PoolWindow): string => `${kernel} ${stride} ${padding}`;

/** The rows (or columns) of x that window number `index` covers, as a half-open range. */
function clip(f: FunctionBuilder, index: Local, extent: number, axis: 0 | 1, window: PoolWindow): [Local, Local] {
  const first = f.let(i32.sub(i32.mul(index, window.stride[axis]), window.padding[axis]));
  const end = f.let(i32.add(first, window.kernel[axis]));
  f.set(end, select(i32.gtS(end, extent), i32.const(extent), end));
  f.set(first, select(i32.ltS(first, 0), i32.const(0), first));
  return [first, end];
}

/** For each window of an image: its pixel in y, and a loop over the pixels it covers in x, in row-major order. */
function forEachWindow(
  f: FunctionBuilder,
  x: Geometry,
  y: Geometry,
  window: PoolWindow,
  visit: (column: { y: Code; forEachPixel: (body: (x: Local) => void) => void }) => void,
  places: { x: Local; y: Local },
): void {
  f.for(0, i32.const(y.h), (i) => {
    const [top, bottom] = clip(f, i, x.h, 0, window);
    f.for(0, i32.const(y.w), (j) => {
      const [left, right] = clip(f, j, x.w, 1, window);
      const yPlace = i32.add(places.y, i32.add(i32.mul(i, y.rowBytes), i32.mul(j, y.pixelBytes)));
      const forEachPixel = (body: (x: Local) => void): void => {
        f.for(top, bottom, (row) => {
          const place = f.let(i32.add(places.x, i32.add(i32.mul(row, x.rowBytes), i32.mul(left, x.pixelBytes))));
          f.for(left, right, () => {
            body(place);
            f.advance(place, x.pixelBytes);
          });
        });
      };
      visit({ y: f.let(yPlace), forEachPixel });
    });
  });
}

function forEachBlock(
  f: FunctionBuilder,
  x: Geometry,
  operands: readonly { readonly base: Local; readonly geometry: Geometry }[],
  range: readonly [Local, Local],
  body: (places: readonly Local[]) => void,
): void {
  f.for(range[0], range[1], (image) => {
    const places = operands.map(({ base, geometry }) =>
      f.let(i32.add(i32.add(base, geometry.origin), i32.mul(image, geometry.imageBytes))),
    );
    f.repeat(x.stored / 4, () => {
      body(places);
      for (const place of places) f.advance(place, vectorBytes);
    });
  });
}

/** Parameters: x, y, from, to; a unit is an image. */
export function pool(
  e: Emitter,
  kind: 'max' | 'average',
  x: Geometry,
  y: Geometry,
  window: PoolWindow,
): FunctionBuilder {
  return e.module.once(`${kind}Pool ${geometryKey(x)} ${geometryKey(y)} ${windowKey(window)}`, () =>
    e.module.function(`${kind}Pool2d`, Array<typeof type.i32>(4).fill(type.i32), (f, source, target, from, to) => {
      const operands = [
        { base: source, geometry: x },
        { base: target, geometry: y },
      ];
      const result = f.local(type.v128);
      const share = 1 / (window.kernel[0] * window.kernel[1]);
      forEachBlock(f, x, operands, [from, to], ([xPlace, yPlace]) => {
        forEachWindow(
          f,
          x,
          y,
          window,
          (at) => {
            f.set(result, f32x4.const(kind === 'max' ? Number.NEGATIVE_INFINITY : 0));
            at.forEachPixel((place) => {
              const value = v128.load(place);
              f.set(result, kind === 'max' ? f32x4.max(result, value) : f32x4.add(result, value));
            });
            f.emit(v128.store(at.y, kind === 'max' ? result : f32x4.mul(result, f32x4.const(share))));
          },
          { x: xPlace, y: yPlace },
        );
      });
    }),
  );
}

/** Parameters: upstream gradient, x, dx, from, to; a unit is an image. */
export function maxPoolGradient(
  e: Emitter,
  upstream: Geometry,
  x: Geometry,
  dx: Geometry,
  window: PoolWindow,
): FunctionBuilder {
  const key = `maxPoolGradient ${geometryKey(upstream)} ${geometryKey(x)} ${geometryKey(dx)} ${windowKey(window)}`;
  return e.module.once(key, () =>
    e.module.function(
      'maxPool2dGradient',
      Array<typeof type.i32>(5).fill(type.i32),
      (f, gradient, source, target, from, to) => {
        const operands = [
          { base: source, geometry: x },
          { base: gradient, geometry: upstream },
          { base: target, geometry: dx },
        ];
        const largest = f.local(type.v128);
        const open = f.local(type.v128);
        const wins = f.local(type.v128);
        forEachBlock(f, x, operands, [from, to], ([xPlace, yPlace, dxPlace]) => {
          clear(f, dxPlace, dx);
          forEachWindow(
            f,
            x,
            upstream,
            window,
            (at) => {
              f.set(largest, f32x4.const(Number.NEGATIVE_INFINITY));
              at.forEachPixel((place) => f.set(largest, f32x4.max(largest, v128.load(place))));
              // The first pixel that equals the maximum (or is NaN, like it) takes the gradient, in each channel.
              f.set(open, i32x4.const(-1));
              at.forEachPixel((place) => {
                const value = v128.load(place);
                f.set(wins, v128.and(open, v128.or(f32x4.eq(value, largest), f32x4.ne(value, value))));
                f.set(open, v128.andnot(open, wins));
                const target = placeInOther(f, place, xPlace, x, dxPlace, dx);
                f.emit(v128.store(target, f32x4.add(v128.load(target), v128.and(v128.load(at.y), wins))));
              });
            },
            { x: xPlace, y: yPlace },
          );
        });
      },
    ),
  );
}

/** Parameters: upstream gradient, dx, from, to; a unit is an image. */
export function averagePoolGradient(e: Emitter, upstream: Geometry, dx: Geometry, window: PoolWindow): FunctionBuilder {
  return e.module.once(`averagePoolGradient ${geometryKey(upstream)} ${geometryKey(dx)} ${windowKey(window)}`, () =>
    e.module.function(
      'avgPool2dGradient',
      Array<typeof type.i32>(4).fill(type.i32),
      (f, gradient, target, from, to) => {
        const operands = [
          { base: gradient, geometry: upstream },
          { base: target, geometry: dx },
        ];
        const share = f.local(type.v128);
        forEachBlock(f, dx, operands, [from, to], ([yPlace, dxPlace]) => {
          clear(f, dxPlace, dx);
          forEachWindow(
            f,
            dx,
            upstream,
            window,
            (at) => {
              const portion = f32x4.const(1 / (window.kernel[0] * window.kernel[1]));
              f.set(share, f32x4.mul(v128.load(at.y), portion));
              at.forEachPixel((place) => f.emit(v128.store(place, f32x4.add(v128.load(place), share))));
            },
            { x: dxPlace, y: yPlace },
          );
        });
      },
    ),
  );
}

/** The pixel of `other` that corresponds to a pixel of x, when their halos differ. */
function placeInOther(
  f: FunctionBuilder,
  place: Local,
  start: Local,
  x: Geometry,
  otherStart: Local,
  other: Geometry,
): Local {
  const offset = f.let(i32.sub(place, start));
  if (x.rowBytes === other.rowBytes) return f.let(i32.add(otherStart, offset));
  const row = f.let(i32.divU(offset, x.rowBytes));
  return f.let(i32.add(otherStart, i32.add(offset, i32.mul(row, other.rowBytes - x.rowBytes))));
}

function clear(f: FunctionBuilder, start: Local, g: Geometry): void {
  const place = f.let(start);
  f.repeat(g.h, () => {
    f.repeat(g.w, () => {
      f.emit(v128.store(place, f32x4.const(0)));
      f.advance(place, g.pixelBytes);
    });
    f.advance(place, g.rowBytes - g.w * g.pixelBytes);
  });
}
