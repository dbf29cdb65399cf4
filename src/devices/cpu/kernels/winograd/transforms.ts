// Transforms of Winograd's method: vectors to vectors along one axis, and along both axes of a square, four channels at a
// time. What a transform only hands through goes straight from where it lies to where it belongs.

import type { FunctionBuilder, Local } from '../../assembler.ts';
import { vectorBytes } from '../../geometry.ts';
import type { Emitter } from '../../step.ts';
import { type Code, v128 } from '../../wasm.ts';

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

const sorted = (indices: readonly number[]): number[] => [...new Set(indices)].sort((a, b) => a - b);
const takenBy = (parts: readonly Part[]): number[] => sorted(parts.flatMap(({ from }) => from));
const givenBy = (parts: readonly Part[]): number[] => sorted(parts.flatMap(({ to }) => to));

function hold(f: FunctionBuilder, indices: readonly number[], value: (index: number) => Code): Values {
  return new Map(indices.map((index) => [index, f.vector(value(index))]));
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
    return values.map((value, k) => [to[k], f.vector(value)] as const);
  });
  for (const [output, value] of made.sort(([a], [b]) => a - b)) put(output, value);
}

/** Element (i, j) of the square; what to do with element (i, j) of the result. */
type Load = (i: number, j: number) => Code;
type Store = (i: number, j: number, value: Local) => void;

/**
 * The transform along both axes, of one vector of channels: first along columns, then along rows. On wide vectors the rows that a
 * part gives stay in registers until they are transformed, and elements are loaded several times; there a block of 16 -> 16
 * channels takes 0.13 ms for its patches instead of 0.19. On narrow ones, where it would take 0.24 instead of 0.21, all rows are put
 * down in memory and taken up again.
 *
 * @param store is given the rows that are computed along both axes last, and in their order
 * @param work memory of workBytes
 */
export function transform2d(
  e: Emitter,
  f: FunctionBuilder,
  [down, along]: Transforms,
  load: Load,
  store: Store,
  work: Local,
): void {
  const columns = sorted([...takenBy(along.parts), ...along.copies.map(([, from]) => from)]);
  const place = (i: number, j: number): number => (i * along.inputs + j) * vectorBytes;
  const finish = (i: number, row: Values): void => {
    for (const [to, from] of along.copies) store(i, to, row.get(from)!);
    compute(e, f, along.parts, row, (j, value) => store(i, j, value));
  };
  const handOn = (i: number, element: (j: number) => Code): void => finish(i, hold(f, columns, element));
  for (const [i, from] of down.copies) handOn(i, (j) => load(from, j));
  for (const parts of e.wide ? down.parts.map((part) => [part]) : [down.parts]) {
    const rows = new Map(givenBy(parts).map((i) => [i, new Map<number, Local>()]));
    for (const j of columns) {
      const column = hold(f, takenBy(parts), (i) => load(i, j));
      compute(e, f, parts, column, (i, value) => {
        if (e.wide) rows.get(i)!.set(j, value);
        else f.emit(v128.store(work, value, place(i, j)));
      });
    }
    for (const [i, row] of rows) {
      if (e.wide) finish(i, row);
      else handOn(i, (j) => v128.load(work, place(i, j)));
    }
  }
}
