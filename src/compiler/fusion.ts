// Groups operations on each element into passes. A pass walks once over the pixels of one view: it loads what it needs,
// computes everything there is to compute from it, stores some of the results and adds up channel sums of others.
//
// What is stored: what someone outside needs, and what several passes need if loading it is cheaper than computing it again.
// When a pass can run: its level is one more than that of what it loads, so passes of one level don't depend on each
// other, and those of one level over the same pixels that load something in common become one.

import { Groups } from './layouts.ts';
import { isPointwise, type Value } from './value.ts';
import { isVector, sameView, viewKey } from './view.ts';

/** One walk over the elements of a view. */
export interface Pass {
  readonly kind: 'pass';
  /** Values to store; all have the pass's view. */
  readonly roots: readonly Value[];
  /** 'channelSums' whose summand is computed or loaded here. */
  readonly sums: readonly Value[];
  /** Everything that is computed for an element, inputs first; roots among it. */
  readonly body: readonly Value[];
  /** What is loaded, with its own view where that is smaller. */
  readonly leaves: readonly Value[];
}

/** An operation that is not on each element. */
export interface Single {
  readonly kind: 'single';
  readonly value: Value;
}

export type Item = Pass | Single;

/**
 * @param values everything that is needed, inputs first
 * @param kept values that must be in memory at the end: outputs and new values of variables
 */
export function fuse(values: readonly Value[], kept: ReadonlySet<Value>): Item[] {
  const needed = ancestorsOf(kept);
  const live = values.filter((value) => needed.has(value));
  const levels = levelsOf(live);
  const stored = chooseStored(live, kept, levels);
  const singles = live.filter(isSingle).map((value): Single => ({ kind: 'single', value }));
  return [...singles, ...passesOf(live, stored, levels)];
}

const isLeaf = ({ operation }: Value): boolean =>
  operation === 'input' || operation === 'variable' || operation === 'constant';

const isSums = ({ operation }: Value): boolean => operation === 'channelSums';

const isSingle = (value: Value): boolean => !isLeaf(value) && !isPointwise(value) && !isSums(value);

/** Whether a consumer can go on with the value in a register, in the same pass. */
function inSamePass(input: Value, consumer: Value): boolean {
  if (!isPointwise(input)) return false;
  return isSums(consumer) || (isPointwise(consumer) && sameView(input.view, consumer.view));
}

function ancestorsOf(roots: ReadonlySet<Value>): Set<Value> {
  const seen = new Set(roots);
  for (const value of seen) for (const input of value.inputs) seen.add(input);
  return seen;
}

/** The earliest level of a pass that can compute the value, or of the step that does. */
function levelsOf(values: readonly Value[]): Map<Value, number> {
  const levels = new Map<Value, number>();
  for (const value of values) {
    const inputs = value.inputs.map((input) => {
      if (isLeaf(input)) return 0;
      return levels.get(input)! + (inSamePass(input, value) ? 0 : 1);
    });
    levels.set(value, Math.max(0, ...inputs));
  }
  return levels;
}

function usersOf(values: readonly Value[]): Map<Value, Value[]> {
  const users = new Map<Value, Value[]>(values.map((value) => [value, []]));
  for (const value of values) for (const input of new Set(value.inputs)) users.get(input)!.push(value);
  return users;
}

function chooseStored(
  values: readonly Value[],
  kept: ReadonlySet<Value>,
  levels: ReadonlyMap<Value, number>,
): Set<Value> {
  const users = usersOf(values);
  const mustStore = (value: Value): boolean =>
    isPointwise(value) && (kept.has(value) || users.get(value)!.some((user) => !inSamePass(value, user)));
  const stored = new Set(values.filter(mustStore));
  const loads = loadsOf(values, stored);
  // The levels at which each value is computed. Users come first: what they store, they need not be given twice.
  const computedAt = new Map<Value, ReadonlySet<number>>();
  for (const value of [...values].reverse()) {
    const places = new Set<number>();
    if (stored.has(value)) places.add(levels.get(value)!);
    else {
      for (const user of users.get(value)!) {
        const own = isSums(user) ? [levels.get(user)!] : inSamePass(value, user) ? computedAt.get(user)! : [];
        for (const level of own) places.add(level);
      }
    }
    // A store costs about two loads; each further pass saves all loads but one.
    if (isPointwise(value) && (places.size - 1) * (loads.get(value)!.size - 1) >= 2) {
      stored.add(value);
      computedAt.set(value, new Set([levels.get(value)!]));
    } else {
      computedAt.set(value, places);
    }
  }
  return stored;
}

/** What must be loaded, of the value's own view, to compute each value when only `stored` is in memory. */
function loadsOf(values: readonly Value[], stored: ReadonlySet<Value>): Map<Value, Set<Value>> {
  const loads = new Map<Value, Set<Value>>();
  for (const value of values) {
    if (!isPointwise(value)) continue;
    const expanded = new Set<Value>();
    for (const input of value.inputs) {
      const sources = inSamePass(input, value) && !stored.has(input) ? loads.get(input)! : [input];
      for (const source of sources) if (sameView(source.view, value.view)) expanded.add(source);
    }
    loads.set(value, expanded);
  }
  return loads;
}

function passesOf(values: readonly Value[], stored: ReadonlySet<Value>, levels: ReadonlyMap<Value, number>): Pass[] {
  const byLevel = new Map<string, Value[]>();
  for (const value of values) {
    if (!stored.has(value) && !isSums(value)) continue;
    const { view } = isSums(value) ? value.inputs[0] : value;
    const key = `${viewKey(view)} ${levels.get(value)}`;
    const group = byLevel.get(key) ?? [];
    group.push(value);
    byLevel.set(key, group);
  }
  return [...byLevel.values()].flatMap((group) =>
    splitUnrelated(group, stored, levels).map((roots) => makePass(roots, stored, levels)),
  );
}

/** Most values that passes are given to load and store when they are joined for their number only. */
const mostOperands = 512;

/**
 * Roots that share a load go together; so do all of a vector's, where a pass of its own costs more than its work. But a deep
 * network has thousands of those, and a function of WebAssembly may have a thousand parameters.
 */
function splitUnrelated(
  roots: readonly Value[],
  stored: ReadonlySet<Value>,
  levels: ReadonlyMap<Value, number>,
): Value[][] {
  const groups = new Groups<Value>();
  for (const root of roots) {
    const { body, leaves } = expand([root], stored, levels);
    for (const value of [...body, ...leaves]) {
      const { view } = isSums(root) ? root.inputs[0] : root;
      if (value.operation !== 'constant' && sameView(value.view, view)) groups.join(root, value);
    }
  }
  const split = new Map<Value, Value[]>();
  for (const root of roots) {
    const representative = groups.find(root);
    split.set(representative, [...(split.get(representative) ?? []), root]);
  }
  const vectors = roots.every((root) => !isSums(root) && isVector(root.view));
  return vectors ? joinSmall([...split.values()], (group) => operandsOf(group, stored, levels)) : [...split.values()];
}

function operandsOf(roots: readonly Value[], stored: ReadonlySet<Value>, levels: ReadonlyMap<Value, number>): number {
  return roots.length + expand(roots, stored, levels).leaves.size;
}

/** One group after another, each as large as it may become. */
function joinSmall(groups: readonly Value[][], sizeOf: (group: readonly Value[]) => number): Value[][] {
  const joined: Value[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const group of groups) {
    const own = sizeOf(group);
    if (size + own > mostOperands) {
      joined.push([...group]);
      size = own;
    } else {
      joined[joined.length - 1].push(...group);
      size += own;
    }
  }
  return joined;
}

/** What has to be computed and loaded for some roots of one level. */
function expand(
  roots: readonly Value[],
  stored: ReadonlySet<Value>,
  levels: ReadonlyMap<Value, number>,
): { body: Set<Value>; leaves: Set<Value> } {
  const level = levels.get(roots[0])!;
  const body = new Set<Value>();
  const leaves = new Set<Value>();
  const visit = (value: Value, consumer: Value | undefined): void => {
    const computedHere =
      consumer === undefined || (inSamePass(value, consumer) && (!stored.has(value) || levels.get(value) === level));
    if (!computedHere) {
      leaves.add(value);
      return;
    }
    if (body.has(value)) return;
    for (const input of value.inputs) visit(input, value);
    body.add(value);
  };
  for (const root of roots) {
    if (isSums(root)) visit(root.inputs[0], root);
    else visit(root, undefined);
  }
  recompute(body, leaves, stored);
  return { body, leaves };
}

/** Operations that cost less than a load from beyond the first cache levels. */
const cheap = new Set(['add', 'sub', 'mul', 'relu', 'reluGradient']);
const fewOperations = 6;

/**
 * What is stored need not be loaded where all that it is computed from is loaded anyway: the backward pass of a norm and a ReLU
 * finds the ReLU's mask from the norm's input, which it needs for the norm.
 */
function recompute(body: Set<Value>, leaves: Set<Value>, stored: ReadonlySet<Value>): void {
  for (const leaf of [...leaves]) {
    if (!stored.has(leaf) || isVector(leaf.view)) continue;
    const [computed, vectors] = [new Set<Value>(), new Set<Value>()];
    const isAtHand = (value: Value): boolean => {
      if (body.has(value) || computed.has(value) || (value !== leaf && leaves.has(value))) return true;
      if (isVector(value.view)) {
        vectors.add(value);
        return true;
      }
      const isCheap = cheap.has(value.operation) && sameView(value.view, leaf.view);
      if (!isCheap || (value !== leaf && stored.has(value)) || !value.inputs.every(isAtHand)) return false;
      computed.add(value);
      return true;
    };
    if (!isAtHand(leaf) || computed.size > fewOperations) continue;
    leaves.delete(leaf);
    for (const value of vectors) leaves.add(value);
    const sorted = [...body, ...computed].sort((a, b) => a.id - b.id);
    body.clear();
    for (const value of sorted) body.add(value);
  }
}

function makePass(members: readonly Value[], stored: ReadonlySet<Value>, levels: ReadonlyMap<Value, number>): Pass {
  const { body, leaves } = expand(members, stored, levels);
  return {
    kind: 'pass',
    roots: members.filter((value) => !isSums(value)),
    sums: members.filter(isSums),
    body: [...body],
    leaves: [...leaves],
  };
}
