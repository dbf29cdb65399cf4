// Matrix products. Rows of a result lie behind one another, four columns a vector; a row of the result is the sum of the rows
// of b, each times one number of a. A transposed b is turned round first.

import { type Geometry, geometryKey, vectorBytes } from '../../geometry.ts';
import type { Buffer, Emitter, Image } from '../../step.ts';
import { type Code, f32, f32x4, i32, type, v128 } from '../../wasm.ts';

/** [rows, columns] as images of one pixel: n and c of the geometry. */
export function matmulKernel(
  e: Emitter,
  a: Image,
  b: Image,
  result: Image,
  { transposeA, transposeB }: { readonly transposeA: boolean; readonly transposeB: boolean },
): void {
  const inner = transposeA ? a.geometry.n : a.geometry.c;
  const pitch = result.geometry.stored * 4;
  const turned = transposeB ? turn(e, b, inner, pitch) : undefined;
  const right = turned ?? b.buffer;
  const rightShape = turned ? { origin: 0, pitch } : { origin: b.geometry.origin, pitch: b.geometry.imageBytes };
  e.step({
    name: `matmul ${result.geometry.n}x${inner}x${result.geometry.c}`,
    kernel: productKernel(e, a.geometry, rightShape, result.geometry, inner, transposeA),
    arguments: [a.buffer, right, result.buffer],
    units: result.geometry.n,
    reads: [a.buffer, right],
    writes: [result.buffer],
    operations: 2 * result.geometry.n * inner * result.geometry.c,
  });
}

/** Parameters: a, b, result, from, to; a unit is a row of the result. */
function productKernel(
  e: Emitter,
  a: Geometry,
  b: { readonly origin: number; readonly pitch: number },
  result: Geometry,
  inner: number,
  transposeA: boolean,
) {
  const [rowStep, innerStep] = transposeA ? [4, a.imageBytes] : [a.imageBytes, 4];
  const key = `matmul ${geometryKey(a)} ${JSON.stringify(b)} ${geometryKey(result)} ${inner} ${transposeA}`;
  return e.module.once(key, () =>
    e.module.function('matmul', Array<typeof type.i32>(5).fill(type.i32), (f, left, right, target, from, to) => {
      f.for(from, to, (row) => {
        const aRow = f.let(i32.add(i32.add(left, a.origin), i32.mul(row, rowStep)));
        const out = f.let(i32.add(i32.add(target, result.origin), i32.mul(row, result.imageBytes)));
        const column = f.let(i32.add(right, b.origin));
        const group = (vectors: number): void => {
          const [aPlace, bPlace] = [f.let(aRow), f.let(column)];
          const sums = Array.from({ length: vectors }, () => f.let(f32x4.const(0), type.v128));
          const spread = f.local(type.v128);
          f.repeat(inner, () => {
            f.set(spread, v128.load32Splat(aPlace));
            sums.forEach((sum, v) => {
              f.set(sum, e.madd(spread, v128.load(bPlace, v * vectorBytes), sum));
            });
            f.advance(aPlace, innerStep);
            f.advance(bPlace, b.pitch);
          });
          sums.forEach((sum, v) => {
            f.emit(v128.store(out, sum, v * vectorBytes));
          });
          f.advance(out, vectors * vectorBytes);
          f.advance(column, vectors * vectorBytes);
        };
        const vectors = result.stored / 4;
        if (vectors >= 4) f.repeat(Math.floor(vectors / 4), () => group(4));
        if (vectors % 4 > 0) group(vectors % 4);
      });
    }),
  );
}

/** b [columns, inner] as [inner, columns padded with zeros]. */
function turn(e: Emitter, b: Image, inner: number, pitch: number): Buffer {
  const turned = e.scratch('transposed matrix', inner * pitch);
  const { n: columns, origin, imageBytes } = b.geometry;
  const kernel = e.module.once(`turn ${geometryKey(b.geometry)} ${inner} ${pitch}`, () =>
    e.module.function('transpose', Array<typeof type.i32>(4).fill(type.i32), (f, source, target, from, to) => {
      f.for(from, to, (row) => {
        const place = f.let(i32.add(i32.add(source, origin), i32.mul(row, 4)));
        const into = f.let(i32.add(target, i32.mul(row, pitch)));
        const next = (value: Code): void => {
          f.emit(f32.store(into, value));
          f.advance(into, 4);
        };
        f.repeat(columns, () => {
          next(f32.load(place));
          f.advance(place, imageBytes);
        });
        for (let pad = columns; pad < pitch / 4; pad++) next(f32.const(0));
      });
    }),
  );
  e.step({
    name: 'transpose',
    kernel,
    arguments: [b.buffer, turned],
    units: inner,
    reads: [b.buffer],
    writes: [turned],
  });
  return turned;
}
