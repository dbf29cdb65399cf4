// The transforms of Winograd's F(4x4, 3x3) (Lavin & Gray 2015, with the points 0, 1, -1, 2, -2 and infinity):
//
//   y = A' [ (G g G') * (B' d B) ] A        d: 6x6 of the input, g: 3x3 weights, y: 4x4 of the output
//
// 36 products instead of 144. Each transform is its one-dimensional form, applied to columns and then to rows, four channels
// at a time.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter } from '../../step.ts';
import { type Code, f32x4, type, v128 } from '../../wasm.ts';

/** Outputs of a tile along one axis, and what it reads. */
export const tileSize = 4;
export const patchSize = 6;
export const positions = patchSize * patchSize;

/** Weights of a pair of channels, along one axis and in all. */
export const kernelSize = 3;
export const taps = kernelSize * kernelSize;

/** One-dimensional: vectors to vectors. Inputs are locals, for they are used more than once. */
export interface Transform {
  readonly inputs: number;
  readonly outputs: number;
  apply(e: Emitter, f: FunctionBuilder, inputs: readonly Local[]): Code[];
}

const { add, sub, mul } = f32x4;
const times = (factor: number, x: Code): Code => mul(f32x4.const(factor), x);
const hold = (f: FunctionBuilder, value: Code): Local => f.let(value, type.v128);

/** B': 6 -> 6. */
export const inputTransform: Transform = {
  inputs: 6,
  outputs: 6,
  apply: (e, f, [d0, d1, d2, d3, d4, d5]) => {
    const a = hold(f, e.nmadd(f32x4.const(4), d2, d4));
    const b = hold(f, e.nmadd(f32x4.const(4), d1, d3));
    const c = hold(f, sub(d4, d2));
    const d = hold(f, sub(d3, d1));
    return [
      e.nmadd(f32x4.const(5), d2, e.madd(f32x4.const(4), d0, d4)),
      add(a, b),
      sub(a, b),
      e.madd(f32x4.const(2), d, c),
      e.nmadd(f32x4.const(2), d, c),
      e.nmadd(f32x4.const(5), d3, e.madd(f32x4.const(4), d1, d5)),
    ];
  },
};

/** A': 6 -> 4. */
export const outputTransform: Transform = {
  inputs: 6,
  outputs: 4,
  apply: (e, f, [m0, m1, m2, m3, m4, m5]) => {
    const [s1, d1] = [hold(f, add(m1, m2)), hold(f, sub(m1, m2))];
    const [s2, d2] = [hold(f, add(m3, m4)), hold(f, sub(m3, m4))];
    return [
      add(m0, add(s1, s2)),
      e.madd(f32x4.const(2), d2, d1),
      e.madd(f32x4.const(4), s2, s1),
      e.madd(f32x4.const(8), d2, add(d1, m5)),
    ];
  },
};

/** A: 4 -> 6, for the upstream gradient. */
export const upstreamTransform: Transform = {
  inputs: 4,
  outputs: 6,
  apply: (e, f, [y0, y1, y2, y3]) => {
    const [even, odd] = [hold(f, add(y0, y2)), hold(f, add(y1, y3))];
    const [even2, odd2] = [hold(f, e.madd(f32x4.const(4), y2, y0)), hold(f, e.madd(f32x4.const(4), y3, y1))];
    return [
      y0,
      add(even, odd),
      sub(even, odd),
      e.madd(f32x4.const(2), odd2, even2),
      e.nmadd(f32x4.const(2), odd2, even2),
      y3,
    ];
  },
};

/** G: 3 -> 6. */
export const weightTransform: Transform = {
  inputs: 3,
  outputs: 6,
  apply: (_, f, [g0, g1, g2]) => {
    const sixth = hold(f, times(-1 / 6, add(g0, g2)));
    const middle = hold(f, times(1 / 6, g1));
    const outer = hold(f, add(times(1 / 24, g0), times(1 / 6, g2)));
    const half = hold(f, times(1 / 12, g1));
    return [times(1 / 4, g0), sub(sixth, middle), add(sixth, middle), add(outer, half), sub(outer, half), g2];
  },
};

/** G': 6 -> 3, for the weight gradient. */
export const weightGradientTransform: Transform = {
  inputs: 6,
  outputs: 3,
  apply: (_, f, [u0, u1, u2, u3, u4, u5]) => {
    const [s1, d1] = [hold(f, times(1 / 6, add(u1, u2))), sub(u2, u1)];
    const [s2, d2] = [hold(f, add(u3, u4)), sub(u3, u4)];
    return [
      add(sub(times(1 / 4, u0), s1), times(1 / 24, s2)),
      add(times(1 / 6, d1), times(1 / 12, d2)),
      add(sub(times(1 / 6, s2), s1), u5),
    ];
  },
};

/** Bytes of memory that transform2d works in. */
export const workBytes = positions * vectorBytes;

/**
 * The transform along both axes, of one vector of channels.
 *
 * @param load element (i, j) of the square
 * @param store what to do with element (i, j) of the result, given as a local
 * @param work memory of workBytes
 */
export function transform2d(
  e: Emitter,
  f: FunctionBuilder,
  transform: Transform,
  load: (i: number, j: number) => Code,
  store: (i: number, j: number, value: Local) => void,
  work: Local,
): void {
  const { inputs, outputs } = transform;
  const [read, made] = [f.locals(inputs, type.v128), f.locals(outputs, type.v128)];
  const once = (get: (k: number) => Code, put: (k: number, value: Local) => void): void => {
    read.forEach((local, k) => {
      f.set(local, get(k));
    });
    const results = transform.apply(e, f, read);
    made.forEach((local, k) => {
      f.set(local, results[k]);
    });
    made.forEach((local, k) => {
      put(k, local);
    });
  };
  const place = (i: number, j: number): number => (i * inputs + j) * vectorBytes;
  for (let j = 0; j < inputs; j++) {
    once(
      (i) => load(i, j),
      (i, value) => f.emit(v128.store(work, value, place(i, j))),
    );
  }
  for (let i = 0; i < outputs; i++) {
    once(
      (j) => v128.load(work, place(i, j)),
      (j, value) => store(i, j, value),
    );
  }
}
