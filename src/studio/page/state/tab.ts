// The runs of this browser, among all runs, and what each does at the moment.

import { signal } from '@preact/signals';
import type { TabProgress } from '../engine/tab/messages.ts';
import { TabRuns } from '../engine/tab/tab-runs.ts';
import { backend } from './backend.ts';
import { addStore } from './runs.ts';

/** By id; only of runs that a tab works on. */
export const tabProgress = signal<ReadonlyMap<string, TabProgress>>(new Map());

/** Whether this very tab trains: it trains one run at a time. */
export const trainsHere = signal(false);

export const tabRuns = new TabRuns(backend, {
  onProgress: (id, progress) => {
    const next = new Map(tabProgress.peek());
    if (progress) next.set(id, progress);
    else if (!next.delete(id)) return;
    tabProgress.value = next;
  },
  onOwn: (id) => {
    trainsHere.value = id !== null;
  },
});

addStore(tabRuns);
