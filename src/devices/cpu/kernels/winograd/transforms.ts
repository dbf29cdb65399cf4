// Transforms of Winograd's method: vectors to vectors along one axis, and along both axes of a square, four channels at a
// time. What a transform only hands through goes straight from where it lies to where it belongs.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter } from '../../step.ts';
import { type Code, type, v128 } from '../../wasm.ts';
import { type Copy, mostCopies, onlyCopy } from '../vectors.ts';

/** One-dimensional. */
export interface Transform {
  /** Equal names mean equal transforms. */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Which outputs are computed, and the inputs that this takes. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** Outputs `to` of the inputs `from`, which are locals because they are used more than once. */
  apply(e: Emitter, f: FunctionBuilder, inputs: readonly Local[]): Code[];
  /** The other outputs are inputs as they are: [output, input]. */
  readonly copies: readonly (readonly [number, number])[];
}

/** Along columns of a square, that is from row to row, and along rows. */
export type Transforms = readonly [Transform, Transform];

/** Bytes of memory that transform2d works in: as much as the largest square. */
export const workBytes = 9 * 9 * vectorBytes * mostCopies;

/**
 * The transform along both axes, of one vector of channels.
 *
 * @param load element (i, j) of the square
 * @param store what to do with element (i, j) of the result, given as a local. Rows that are computed along both axes come
 *   last and one after another.
 * @param work memory of workBytes
 * @param copy of those that are transformed side by side, which share the memory
 */
export function transform2d(
  e: Emitter,
  f: FunctionBuilder,
  [down, along]: Transforms,
  load: (i: number, j: number) => Code,
  store: (i: number, j: number, value: Local) => void,
  work: Local,
  { copies, offset }: Copy = onlyCopy,
): void {
  const once = (transform: Transform, get: (k: number) => Code, put: (k: number, value: Local) => void): void => {
    const read = transform.from.map((k) => f.let(get(k), type.v128));
    const made = transform.apply(e, f, read).map((value) => f.let(value, type.v128));
    made.forEach((local, k) => {
      put(transform.to[k], local);
    });
  };
  const place = (i: number, j: number): number => (i * along.inputs + j) * copies * vectorBytes + offset;
  for (let j = 0; j < along.inputs; j++) {
    const isUsed = along.from.includes(j);
    const copies = along.copies.flatMap(([to, from]) => (from === j ? [to] : []));
    if (!isUsed && copies.length === 0) continue;
    once(
      down,
      (i) => load(i, j),
      (i, value) => {
        if (isUsed) f.emit(v128.store(work, value, place(i, j)));
        for (const to of copies) store(i, to, value);
      },
    );
    for (const [i, from] of copies.length > 0 ? down.copies : []) {
      const value = f.let(load(from, j), type.v128);
      for (const to of copies) store(i, to, value);
    }
  }
  for (const [i, from] of down.copies) {
    once(
      along,
      (j) => load(from, j),
      (j, value) => store(i, j, value),
    );
  }
  for (const i of down.to) {
    once(
      along,
      (j) => v128.load(work, place(i, j)),
      (j, value) => store(i, j, value),
    );
  }
}
