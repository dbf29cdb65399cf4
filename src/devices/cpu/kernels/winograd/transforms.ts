// Transforms of Winograd's method: vectors to vectors along one axis, and along both axes of a square, four channels at a
// time. What a transform only hands through goes straight from where it lies to where it belongs.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter } from '../../step.ts';
import { type Code, type, v128 } from '../../wasm.ts';

/** Some outputs of a transform that share intermediate results, and the inputs that they take. */
export interface Part {
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** Outputs `to` of the inputs `from`, which are locals because they are used more than once. */
  apply(e: Emitter, f: FunctionBuilder, inputs: readonly Local[]): Code[];
}

/** One-dimensional. */
export interface Transform {
  /** Equal names mean equal transforms. */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** The outputs that are computed. */
  readonly parts: readonly Part[];
  /** The other outputs are inputs as they are: [output, input]. */
  readonly copies: readonly (readonly [number, number])[];
}

/** Along columns of a square, that is from row to row, and along rows. */
export type Transforms = readonly [Transform, Transform];

/** Bytes of memory that transform2d works in: as much as the largest square. */
export const workBytes = 9 * 9 * vectorBytes;

type Values = ReadonlyMap<number, Local>;

const usedBy = ({ parts }: Transform): number[] =>
  [...new Set(parts.flatMap(({ from }) => from))].sort((a, b) => a - b);

function hold(f: FunctionBuilder, indices: readonly number[], value: (index: number) => Code): Values {
  return new Map(indices.map((index) => [index, f.let(value(index), type.v128)]));
}

/** What some parts compute, in the order of the outputs. */
function compute(
  e: Emitter,
  f: FunctionBuilder,
  parts: readonly Part[],
  inputs: Values,
  put: (output: number, value: Local) => void,
): void {
  const made = parts.flatMap(({ from, to, apply }) => {
    const values = apply(
      e,
      f,
      from.map((k) => inputs.get(k)!),
    );
    return values.map((value, k) => [to[k], f.let(value, type.v128)] as const);
  });
  for (const [output, value] of made.sort(([a], [b]) => a - b)) put(output, value);
}

/** Element (i, j) of the square; what to do with element (i, j) of the result. */
type Load = (i: number, j: number) => Code;
type Store = (i: number, j: number, value: Local) => void;

/**
 * The transform along both axes, of one vector of channels. On wide vectors it goes by rows, which has half as many stores: there a
 * block of 16 -> 16 channels takes 0.13 ms for its patches instead of 0.19, but on narrow ones 0.24 instead of 0.21.
 *
 * @param store is given the rows that are computed along both axes last, and in their order
 * @param work memory of workBytes
 */
export function transform2d(
  e: Emitter,
  f: FunctionBuilder,
  transforms: Transforms,
  load: Load,
  store: Store,
  work: Local,
): void {
  if (e.wide) byRows(e, f, transforms, load, store);
  else throughMemory(e, f, transforms, load, store, work);
}

/** First along columns, from where the result is put down and taken up again by rows. */
function throughMemory(
  e: Emitter,
  f: FunctionBuilder,
  [down, along]: Transforms,
  load: Load,
  store: Store,
  work: Local,
): void {
  const place = (i: number, j: number): number => (i * along.inputs + j) * vectorBytes;
  const [rows, columns] = [usedBy(down), usedBy(along)];
  for (let j = 0; j < along.inputs; j++) {
    const isUsed = columns.includes(j);
    const copied = along.copies.flatMap(([to, from]) => (from === j ? [to] : []));
    if (!isUsed && copied.length === 0) continue;
    const column = hold(f, rows, (i) => load(i, j));
    compute(e, f, down.parts, column, (i, value) => {
      if (isUsed) f.emit(v128.store(work, value, place(i, j)));
      for (const to of copied) store(i, to, value);
    });
    for (const [i, from] of copied.length > 0 ? down.copies : []) {
      const value = f.let(load(from, j), type.v128);
      for (const to of copied) store(i, to, value);
    }
  }
  const finish = (i: number, row: Values): void => compute(e, f, along.parts, row, (j, value) => store(i, j, value));
  for (const [i, from] of down.copies)
    finish(
      i,
      hold(f, columns, (j) => load(from, j)),
    );
  for (const i of down.parts.flatMap(({ to }) => to).sort((a, b) => a - b)) {
    finish(
      i,
      hold(f, columns, (j) => v128.load(work, place(i, j))),
    );
  }
}

/** The rows that a part gives stay in registers until they are transformed along. Elements are loaded several times. */
function byRows(e: Emitter, f: FunctionBuilder, [down, along]: Transforms, load: Load, store: Store): void {
  const columns = [...new Set([...usedBy(along), ...along.copies.map(([, from]) => from)])];
  const finish = (i: number, row: Values): void => {
    for (const [to, from] of along.copies) store(i, to, row.get(from)!);
    compute(e, f, along.parts, row, (j, value) => store(i, j, value));
  };
  for (const [i, from] of down.copies)
    finish(
      i,
      hold(f, columns, (j) => load(from, j)),
    );
  for (const part of down.parts) {
    const rows = new Map(part.to.map((i) => [i, new Map<number, Local>()]));
    for (const j of columns) {
      const column = hold(f, part.from, (i) => load(i, j));
      compute(e, f, [part], column, (i, value) => rows.get(i)!.set(j, value));
    }
    rows.forEach((row, i) => {
      finish(i, row);
    });
  }
}
