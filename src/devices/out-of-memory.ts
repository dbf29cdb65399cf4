// Memory that is not there, found out before any of it is taken: how much is needed, how much there is, and the largest batch
// that would fit. What a program needs grows nearly in proportion to its batch, and a device can plan a program's memory
// without allocating it, so that batch is found in a few tries.

import { ResiduaError } from '../errors.ts';
import { bytes, count } from '../format.ts';
import type { Device, Graph, Measured, Program } from './device.ts';

export interface MemoryNeed {
  /** Bytes. */
  readonly needed: number;
  /** Bytes that can still be had. */
  readonly available: number;
}

export class OutOfMemoryError extends ResiduaError implements MemoryNeed {
  readonly needed: number;
  readonly available: number;

  /** @param what needs it, such as 'the program' */
  constructor(
    what: string,
    { needed, available }: MemoryNeed,
    options: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    const hint = 'Use a smaller batch, smaller images or a smaller model.';
    super(`${what} needs ${bytes(needed)} of memory, and there are ${bytes(available)}`, { hint, ...options });
    this.needed = needed;
    this.available = available;
  }
}

/**
 * Compiles the graph of a batch.
 *
 * @throws OutOfMemoryError that names the largest batch that fits
 */
export async function compileBatch<G extends Graph>(
  device: Device,
  batchSize: number,
  graphOf: (batchSize: number) => G,
): Promise<{ readonly program: Program; readonly graph: G }> {
  try {
    const graph = graphOf(batchSize);
    return { program: await device.compile(graph), graph };
  } catch (error) {
    if (!(error instanceof OutOfMemoryError) || !device.measure) throw error;
    const needOf = (size: number) => together([device.measure!(graphOf(size))]);
    throw tooLarge(batchSize, error, needOf);
  }
}

/** Of programs that share their variables; nothing where the device can't tell of any. */
export function together(measured: readonly (Measured | undefined)[]): MemoryNeed {
  const programs = measured.filter((program) => program !== undefined);
  if (programs.length === 0) return { needed: 0, available: Number.POSITIVE_INFINITY };
  const variables = Math.max(...programs.map(({ variableBytes }) => variableBytes));
  const needed = programs.reduce((sum, { workspaceBytes }) => sum + workspaceBytes, variables);
  return { needed, available: programs[0].available };
}

/**
 * @param needOf a batch size
 * @throws OutOfMemoryError that names the largest batch that fits, where this one doesn't
 */
export function checkBatch(batchSize: number, needOf: (batchSize: number) => MemoryNeed): void {
  const need = needOf(batchSize);
  if (need.needed > need.available) throw tooLarge(batchSize, need, needOf);
}

function tooLarge(batchSize: number, need: MemoryNeed, needOf: (batchSize: number) => MemoryNeed): OutOfMemoryError {
  const what = batchSize === 1 ? 'a batch of 1 image' : `a batch of ${count(batchSize)} images`;
  const largest = largestBatch(batchSize, needOf);
  const others = 'smaller images or a smaller model';
  const hint =
    largest === 0
      ? `Not even one image fits: use ${others}.`
      : `${count(largest)} would fit: use --batch-size ${largest}, ${others}.`;
  return new OutOfMemoryError(what, need, { hint, cause: need instanceof Error ? need : undefined });
}

/** Tries that come near enough: each is a plan of whole programs. */
const TRIES = 8;

/**
 * A batch that fits, and hardly leaves room for a larger one; 0 where one image is too much.
 *
 * @param tooMany a batch that doesn't fit
 */
function largestBatch(tooMany: number, needOf: (batchSize: number) => MemoryNeed): number {
  let fits = 0;
  let guess = tooMany;
  for (let tries = 0; tries < TRIES && tooMany - fits > 1; tries++) {
    const { needed, available } = needOf(guess);
    if (needed <= available) {
      fits = guess;
      if (needed > available * 0.97) return fits;
    } else {
      tooMany = guess;
    }
    const proportional = Math.floor((guess * available * 0.99) / needed);
    const isBetween = proportional > fits && proportional < tooMany;
    guess = isBetween ? proportional : Math.floor((fits + tooMany) / 2);
  }
  return fits;
}
