// What every device does first with a graph: collect its nodes in order, its inputs, variables and assignments, and
// refuse what can't be meant.

import { ResiduaError, UsageError } from '../errors.ts';
import { ancestors } from '../tensor/autograd.ts';
import { formatShape } from '../tensor/shape.ts';
import { type Assignment, Input, type Tensor, Variable } from '../tensor/tensor.ts';
import type { Feed, Graph, Values } from './device.ts';

export interface CollectedGraph {
  /** Every node, inputs before results. */
  readonly nodes: readonly Tensor[];
  readonly inputs: readonly Input[];
  readonly variables: readonly Variable[];
  /** The graph's own, and those that belong to its nodes (effects). One a variable. */
  readonly assignments: readonly Assignment[];
}

export function collectGraph(graph: Graph): CollectedGraph {
  const assignments = new Set(graph.assignments ?? []);
  let nodes: Tensor[] = [];
  // The value of an effect may bring nodes with effects of their own: repeat until nothing is added.
  for (let known = -1; known !== assignments.size; ) {
    known = assignments.size;
    nodes = ancestors(...Object.values(graph.outputs), ...[...assignments].flatMap((a) => [a.value, a.variable]));
    for (const node of nodes) for (const effect of node.effects) assignments.add(effect);
  }
  const inputs = nodes.filter((node): node is Input => node instanceof Input);
  const variables = nodes.filter((node): node is Variable => node instanceof Variable);
  const names = new Set<string>();
  for (const { name } of inputs) {
    if (names.has(name)) throw new ResiduaError(`two inputs of the graph are called '${name}'`);
    names.add(name);
  }
  const assigned = new Set<Variable>();
  for (const { variable } of assignments) {
    if (assigned.has(variable)) throw new ResiduaError(`${variable} is assigned twice in one graph`);
    assigned.add(variable);
  }
  return { nodes, inputs, variables, assignments: [...assignments] };
}

/** The feed of an input, after a check of its presence and size. */
export function feedOf(input: Input, feeds: Readonly<Record<string, Feed>>): Feed {
  const feed = feeds[input.name];
  if (feed === undefined) throw new UsageError(`${described(input)}, but it was not fed`);
  const length = typeof feed === 'number' ? 1 : feed.length;
  if (length !== input.size) throw new UsageError(`${described(input)}, but it was fed ${length}`);
  return feed;
}

const described = ({ name, dtype, shape, size }: Input): string =>
  `input '${name}' is ${dtype} ${formatShape(shape)}, ${size} values`;

/** Refuses values that are not as many as the variable's. */
export function checkWritten(variable: Variable, values: Values): void {
  if (values.length === variable.size) return;
  const expected = `a variable of shape ${formatShape(variable.shape)} has ${variable.size} values`;
  throw new ResiduaError(`${expected}, but ${values.length} were written`);
}
