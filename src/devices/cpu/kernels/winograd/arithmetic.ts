// What the transforms of all algorithms are made of: vectors of four channels, added and multiplied.

import type { FunctionBuilder } from '../../assembler.ts';
import { type Code, f32x4 } from '../../wasm.ts';
import type { Part, Transform } from './transforms.ts';

export const { add, sub, mul } = f32x4;

export const times = (f: FunctionBuilder, factor: number, x: Code): Code => mul(f.spread(factor), x);
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** A transform that computes all it gives. */
export const computed = (name: string, inputs: number, outputs: number, apply: Part['apply']): Transform => ({
  ...{ name, inputs, outputs, parts: [{ from: upTo(inputs), to: upTo(outputs), apply }], copies: [] },
});

/** Of A, at the points 1 and -1. */
export const sumAndDifference: Part = {
  from: [0, 1, 2, 3],
  to: [1, 2],
  apply: (_, f, [y0, y1, y2, y3]) => {
    const [even, odd] = [f.vector(add(y0, y2)), f.vector(add(y1, y3))];
    return [add(even, odd), sub(even, odd)];
  },
};
