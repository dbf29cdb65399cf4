// What convolutions do besides their own work, on the way, because their results are in registers or in the first cache
// level then:
//
//   statistics   a pass that does nothing but add up y and y^2: the forward convolution before batch norm does it
//   epilogue     a pass over a convolution's result that nobody else reads (bias, shortcut, activation): the convolution
//                stores what the pass would have, in the pass's place of the order

import type { Plan } from '../../compiler/compile.ts';
import type { Item, Pass } from '../../compiler/fusion.ts';
import { Groups } from '../../compiler/layouts.ts';
import { inputsOf, resultsOf } from '../../compiler/schedule.ts';
import type { Value } from '../../compiler/value.ts';
import { isVector, sameView } from '../../compiler/view.ts';

export interface FusedConvolutions {
  /** By the convolution's result: the pass that adds it up. */
  readonly statistics: ReadonlyMap<Value, Pass>;
  /** By the pass: the convolution that does it. */
  readonly epilogues: ReadonlyMap<Item, Value>;
  /** Items that are part of another one. */
  readonly done: ReadonlySet<Item>;
  /** Values whose images must lie in memory alike. */
  readonly alike: readonly (readonly Value[])[];
}

export function fuseConvolutions(plan: Plan): FusedConvolutions {
  const statistics = new Map<Value, Pass>();
  const epilogues = new Map<Item, Value>();
  const done = new Set<Item>();
  const alike = new Groups<Value>();
  const joined = new Set<Value>();
  const uses = usesOf(plan);
  plan.items.forEach((item, place) => {
    if (item.kind !== 'pass') return;
    const summed = summedConvolution(item);
    if (summed) {
      statistics.set(summed, item);
      done.add(item);
      return;
    }
    const convolution = canBeEpilogue(item, plan) ? finished(item, place, plan, uses) : undefined;
    if (!convolution) return;
    epilogues.set(item, convolution.value);
    done.add(convolution.item);
    const [root] = item.roots;
    for (const leaf of item.leaves) {
      if (leaf === convolution.value || !isElements(leaf, root)) continue;
      alike.join(leaf, root);
      joined.add(leaf).add(root);
    }
  });
  const groups = new Map<Value, Value[]>();
  for (const value of joined) {
    const representative = alike.find(value);
    groups.set(representative, [...(groups.get(representative) ?? []), value]);
  }
  return { statistics, epilogues, done, alike: [...groups.values()] };
}

/** How many items read a value; outputs are read once more. */
function usesOf(plan: Plan): Map<Value, number> {
  const uses = new Map<Value, number>();
  const count = (value: Value): Map<Value, number> => uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const item of plan.items) for (const value of inputsOf(item)) count(value);
  for (const { value } of plan.outputs.values()) count(value);
  return uses;
}

/** The convolution whose y and y^2 are all that the pass adds up. */
function summedConvolution({ roots, leaves, sums }: Pass): Value | undefined {
  if (roots.length > 0 || leaves.length !== 1) return undefined;
  const [y] = leaves;
  const isSquare = ({ operation, inputs }: Value) => operation === 'mul' && inputs[0] === y && inputs[1] === y;
  const fits = sums.every(({ inputs: [summand] }) => summand === y || isSquare(summand));
  return y.operation === 'conv2d' && fits ? y : undefined;
}

const isElements = (leaf: Value, root: Value): boolean => !isVector(leaf.view) && sameView(leaf.view, root.view);

/** Whether a convolution could compute the pass, as far as the pass itself goes. */
function canBeEpilogue({ roots, sums, leaves, body }: Pass, plan: Plan): boolean {
  if (roots.length !== 1 || sums.length > 0 || plan.inPlace.has(roots[0])) return false;
  const [root] = roots;
  // Pad channels must stay zero, which a pass sees to and an epilogue does not.
  if (root.view.c % 4 !== 0 || isVector(root.view)) return false;
  if (body.some(({ operation, dtype }) => operation === 'dropoutMask' || dtype !== 'float32')) return false;
  return leaves.every(
    (leaf) =>
      leaf.operation === 'constant' ||
      (isVector(leaf.view) && leaf.view.c === root.view.c) ||
      (isElements(leaf, root) && leaf.operation !== 'variable'),
  );
}

/** The last convolution that the pass reads and nothing else does, where it can wait until the pass's turn. */
function finished(
  pass: Pass,
  place: number,
  { items, inPlace }: Plan,
  uses: ReadonlyMap<Value, number>,
): { readonly item: Item; readonly value: Value } | undefined {
  for (let i = place - 1; i >= 0; i--) {
    const item = items[i];
    // What updates a variable does it in place, and the convolution may want the old value.
    if (resultsOf(item).some((value) => inPlace.has(value))) return undefined;
    if (item.kind !== 'single') continue;
    const { value } = item;
    const isOwn = value.operation === 'conv2d' && uses.get(value) === 1 && pass.leaves.includes(value);
    if (isOwn) return { item, value };
  }
  return undefined;
}
