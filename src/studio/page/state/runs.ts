// All runs that there are, as they are now, from all stores: the server's (or the build's) and those trained in this tab.
//
//   runs.value              every run, the newest first            connected.value    whether the server answers
//   metricsOf(id).value     its log points, kept up to date        storeOf(id)        who has it

import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { LogPoint } from '../../../train/index.ts';
import type { ComparisonView, RunView, StudioEvent } from '../../protocol.ts';
import type { RunStore } from '../backend.ts';
import { TAB_PREFIX } from '../engine/tab/messages.ts';
import { backend } from './backend.ts';

interface Source {
  readonly store: RunStore;
  readonly runs: ReturnType<typeof signal<ReadonlyMap<string, RunView> | undefined>>;
}

const sources: Source[] = [];

export const connected = signal(true);
export const comparisons = signal<readonly ComparisonView[]>([]);

/** undefined until the stores have told what there is. */
export const runs = computed((): readonly RunView[] | undefined => {
  const known = sources.map((source) => source.runs.value);
  if (known[0] === undefined) return undefined;
  return known.flatMap((map) => [...(map?.values() ?? [])]).sort((a, b) => b.created - a.created);
});

/** Runs whose network can be used. */
export const trained = computed(() => runs.value?.filter(({ hasModel }) => hasModel));

/** Not one of many that were trained to be compared. */
export const isOnItsOwn = ({ group }: RunView): boolean => group === null;

export const runOf = (id: string | undefined): RunView | undefined => runs.value?.find((run) => run.id === id);

export function storeOf(id: string): RunStore {
  const tab = sources[1]?.store;
  return id.startsWith(TAB_PREFIX) && tab ? tab : backend;
}

const metrics = new Map<string, ReturnType<typeof signal<readonly LogPoint[] | undefined>>>();

/** undefined while they are being asked for. */
export function metricsOf(id: string): ReadonlySignal<readonly LogPoint[] | undefined> {
  const known = metrics.get(id);
  if (known) return known;
  const made = signal<readonly LogPoint[]>();
  metrics.set(id, made);
  void loadMetrics(id);
  return made;
}

async function loadMetrics(id: string): Promise<void> {
  const points = metrics.get(id)!;
  try {
    const { points: all } = await storeOf(id).metrics(id, 0);
    points.value = all;
  } catch {
    // Its run was removed meanwhile, or the server is away: the next snapshot brings them.
    points.value ??= [];
  }
}

/** Adds a store; called for the backend, and by what trains in the tab. */
export function addStore(store: RunStore): void {
  const source: Source = { store, runs: signal() };
  sources.push(source);
  const change = (edit: (map: Map<string, RunView>) => void) => {
    const map = new Map(source.runs.peek());
    edit(map);
    source.runs.value = map;
  };
  store.subscribe(
    (event) => {
      if (event.type === 'snapshot') {
        source.runs.value = new Map(event.runs.map((run) => [run.id, run]));
        if (store === backend) comparisons.value = event.comparisons;
        // Lines may have been missed.
        for (const { id } of event.runs) if (metrics.has(id)) void loadMetrics(id);
      } else if (event.type === 'run') change((map) => map.set(event.run.id, event.run));
      else if (event.type === 'run-removed') {
        change((map) => map.delete(event.id));
        metrics.delete(event.id);
      } else if (event.type === 'metrics') addPoints(event);
      else changeComparisons(event);
    },
    (isConnected) => {
      if (store === backend) connected.value = isConnected;
    },
  );
}

function addPoints({ id, from, points }: StudioEvent & { type: 'metrics' }): void {
  const known = metrics.get(id);
  if (!known?.value) return;
  if (from > known.value.length) void loadMetrics(id);
  else known.value = [...known.value.slice(0, from), ...points];
}

function changeComparisons(event: StudioEvent & { type: 'comparison' | 'comparison-removed' }): void {
  const id = event.type === 'comparison' ? event.comparison.id : event.id;
  const others = comparisons.peek().filter((known) => known.id !== id);
  comparisons.value =
    event.type === 'comparison' ? [event.comparison, ...others].sort((a, b) => b.created - a.created) : others;
}

addStore(backend);
