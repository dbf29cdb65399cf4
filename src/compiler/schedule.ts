// The order of a program's work. Any order in which inputs come before what uses them is right; this one follows the order
// in which the graph was built (forward, backward, update), so that what is alive at one time stays small. A variable is
// overwritten in place, after everything that reads its old value.

import { ResiduaError } from '../errors.ts';
import type { Variable } from '../tensor/tensor.ts';
import type { Item } from './fusion.ts';
import type { Value } from './value.ts';

export interface Assigned {
  readonly variable: Variable;
  readonly value: Value;
}

export interface Schedule {
  readonly items: readonly Item[];
  /** Assignments that can't be done in place, because what reads the old value also needs the new one. */
  readonly deferred: readonly Assigned[];
}

export function inputsOf(item: Item): readonly Value[] {
  return item.kind === 'pass' ? item.leaves : item.value.inputs;
}

export function resultsOf(item: Item): readonly Value[] {
  return item.kind === 'pass' ? [...item.roots, ...item.sums] : [item.value];
}

export function schedule(items: readonly Item[], assignments: readonly Assigned[]): Schedule {
  const producers = new Map<Value, number>();
  items.forEach((item, i) => {
    for (const value of resultsOf(item)) producers.set(value, i);
  });
  const before = items.map((item) => {
    const sources = inputsOf(item).map((value) => producers.get(value));
    return new Set(sources.filter((index): index is number => index !== undefined));
  });
  const after = items.map((): number[] => []);
  before.forEach((set, i) => {
    for (const earlier of set) after[earlier].push(i);
  });

  const readers = new Map<Variable, number[]>();
  items.forEach((item, i) => {
    for (const { leaf, operation } of inputsOf(item)) {
      if (operation === 'variable') readers.set(leaf as Variable, [...(readers.get(leaf as Variable) ?? []), i]);
    }
  });
  const deferred: Assigned[] = [];
  const holders = new Set<Value>();
  for (const assigned of assignments) {
    const writer = producers.get(assigned.value)!;
    const others = (readers.get(assigned.variable) ?? []).filter((reader) => reader !== writer);
    if (holders.has(assigned.value) || reachesAny(after, writer, others)) {
      deferred.push(assigned);
      continue;
    }
    holders.add(assigned.value);
    for (const reader of others) {
      if (before[writer].has(reader)) continue;
      before[writer].add(reader);
      after[reader].push(writer);
    }
  }
  return { items: sortItems(items, before, after, holders), deferred };
}

/** Whether one of the items `to` needs item `from` to be done before, directly or not. Little comes after an update. */
function reachesAny(after: readonly (readonly number[])[], from: number, to: readonly number[]): boolean {
  if (to.length === 0) return false;
  const seen = new Set([from]);
  for (const item of seen) for (const later of after[item]) seen.add(later);
  return to.some((item) => seen.has(item));
}

/** Of the items that can run, the one that was built first is next. */
function sortItems(
  items: readonly Item[],
  before: readonly ReadonlySet<number>[],
  after: readonly (readonly number[])[],
  holders: ReadonlySet<Value>,
): Item[] {
  const waiting = before.map((set) => set.size);
  const priorities = items.map((item) => {
    const results = resultsOf(item);
    // What only updates variables runs as soon as it can, which frees the gradients it reads.
    if (results.every((value) => holders.has(value))) return -1;
    return Math.min(...results.map(({ id }) => id));
  });
  const ready = items.flatMap((_, i) => (waiting[i] === 0 ? [i] : []));
  const order: Item[] = [];
  while (ready.length > 0) {
    let best = 0;
    for (let k = 1; k < ready.length; k++) if (priorities[ready[k]] < priorities[ready[best]]) best = k;
    const [next] = ready.splice(best, 1);
    order.push(items[next]);
    for (const later of after[next]) if (--waiting[later] === 0) ready.push(later);
  }
  if (order.length < items.length) throw new ResiduaError('the graph has a cycle');
  return order;
}
