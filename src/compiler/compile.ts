// A graph on its way to a program, as far as it goes without knowing the device's kernels: what has to be computed, fused into
// as few walks over memory as possible, in which order.

import type { Graph } from '../devices/device.ts';
import { type CollectedGraph, collectGraph } from '../devices/graph.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { fuse, type Item } from './fusion.ts';
import { type Placed, rewrite } from './rewrite.ts';
import { type Assigned, schedule } from './schedule.ts';
import type { Value } from './value.ts';
import type { Layout } from './view.ts';

export interface Plan {
  readonly collected: CollectedGraph;
  /** In the order in which they run. */
  readonly items: readonly Item[];
  readonly outputs: ReadonlyMap<string, Placed>;
  /** Assignments whose value is computed in the variable's own memory. */
  readonly inPlace: ReadonlyMap<Value, Assigned>;
  /** Assignments whose value is copied to the variable when all else is done. */
  readonly deferred: readonly Assigned[];
  /** Fed before each run. */
  readonly inputs: readonly Value[];
  readonly layoutOf: (tensor: Tensor) => Layout;
}

export function plan(graph: Graph): Plan {
  const collected = collectGraph(graph);
  const { outputs, assignments, values, layoutOf } = rewrite(graph, collected);
  const kept = new Set([...[...outputs.values()].map(({ value }) => value), ...assignments.map(({ value }) => value)]);
  const { items, deferred } = schedule(fuse(values, kept), assignments);
  const late = new Set(deferred);
  const inPlace = new Map(assignments.filter((a) => !late.has(a)).map((a) => [a.value, a]));
  const inputs = values.filter(({ operation }) => operation === 'input');
  return { collected, items, outputs, inPlace, deferred, inputs, layoutOf };
}
