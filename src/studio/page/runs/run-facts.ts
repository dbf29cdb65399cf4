// What a table of runs shows of each, and how it is sorted.

import type { RunView } from '../../protocol.ts';

export const columns = [
  'name',
  'state',
  'accuracy',
  'loss',
  'model',
  'data',
  'epochs',
  'speed',
  'time',
  'created',
] as const;
export type Column = (typeof columns)[number];

/** Columns of numbers: aligned right, the largest first when they are first sorted by. */
export const numeric: ReadonlySet<Column> = new Set(['epochs', 'accuracy', 'loss', 'speed', 'time', 'created']);

type Facts = Readonly<Record<Column, string | number | undefined>>;

export function factsOf(run: RunView): Facts {
  const { name, state, config, result, progress, created } = run;
  return {
    name,
    state,
    model: config?.model,
    data: config?.dataset,
    epochs: result?.epochs ?? (progress ? progress.epoch - (progress.batch < progress.batches ? 1 : 0) : undefined),
    accuracy: result?.accuracy ?? undefined,
    loss: result?.loss ?? undefined,
    speed: result?.imagesPerSecond ?? progress?.imagesPerSecond,
    time: result?.trainSeconds,
    created,
  };
}

export interface Order {
  readonly column: Column;
  readonly descending: boolean;
}

/** Runs without a value come last, whichever way. */
export function sorted(runs: readonly RunView[], { column, descending }: Order): RunView[] {
  const sign = descending ? -1 : 1;
  return [...runs].sort((a, b) => {
    const [x, y] = [factsOf(a)[column], factsOf(b)[column]];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    if (typeof x === 'number' && typeof y === 'number') return sign * (x - y);
    return sign * String(x).localeCompare(String(y), undefined, { numeric: true });
  });
}
