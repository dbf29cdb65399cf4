// Vectors of channels one behind another, as all kernels meet them: two at a time where the engine makes one instruction of two.

import type { FunctionBuilder } from '../assembler.ts';
import { vectorBytes } from '../geometry.ts';
import type { Emitter } from '../step.ts';

/** One of several vectors that are computed side by side. */
export interface Copy {
  /** Its number, and how many there are. */
  readonly index: number;
  readonly copies: number;
  /** From the first, in bytes. */
  readonly offset: number;
}

export const onlyCopy: Copy = { index: 0, copies: 1, offset: 0 };

/** As many vectors as are computed side by side at most. */
export const mostCopies = 2;

/**
 * Writes a loop over vectors of channels.
 *
 * @param body what to do with one, which may be written side by side with its neighbour: see FunctionBuilder.lockstep
 * @param end what comes after it, given the bytes that pointers move on by
 */
export function forEachVector(
  e: Emitter,
  f: FunctionBuilder,
  vectors: number,
  body: (copy: Copy) => void,
  end: (bytes: number) => void,
): void {
  const inLoop = (count: number, copies: number): void => {
    if (count === 0) return;
    f.repeat(count, () => {
      f.lockstep(copies, (index) => body({ index, copies, offset: index * vectorBytes }));
      end(copies * vectorBytes);
    });
  };
  const pairs = e.wide ? Math.floor(vectors / 2) : 0;
  inLoop(pairs, 2);
  inLoop(vectors - 2 * pairs, 1);
}
