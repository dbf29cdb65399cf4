// Sorting a table of runs: numbers as numbers, names as people count, and what is missing at the end, whichever way.

import { describe, expect, it } from 'vitest';
import type { RunView } from '../../protocol.ts';
import { sorted } from './run-facts.ts';

const run = (name: string, accuracy: number | null, created = 0): RunView =>
  ({
    id: name,
    name,
    state: 'finished',
    config: null,
    progress: null,
    created,
    result: { accuracy },
  }) as unknown as RunView;

const runs = [run('run-10', 0.9), run('run-2', null), run('run-1', 0.99), run('run-9', 0.1)];
const names = (column: 'name' | 'accuracy', descending: boolean) =>
  sorted(runs, { column, descending }).map(({ name }) => name);

describe('runs are sorted', () => {
  it('by numbers, those without one last', () => {
    expect(names('accuracy', true)).toEqual(['run-1', 'run-10', 'run-9', 'run-2']);
    expect(names('accuracy', false)).toEqual(['run-9', 'run-10', 'run-1', 'run-2']);
  });

  it('by names, numbers in them counted', () => {
    expect(names('name', false)).toEqual(['run-1', 'run-2', 'run-9', 'run-10']);
  });
});
