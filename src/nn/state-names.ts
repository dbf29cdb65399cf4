// Weights travel between programs that call the same layers differently: the tutorial's `conv` and `bn` are torchvision's
// `conv1` and `bn1`, others write `linear` for `fc` and `shortcut` for `downsample`, and wrappers put a word before each
// name. Here the names of a file become those of a model, in either direction, as long as there is only one way to read them.

import type { Variable } from '../tensor/index.ts';
import type { StateEntry } from './load-state.ts';

export interface FittedState {
  /** By the model's names, as far as they were found; names that fit nothing are as they were. */
  readonly entries: ReadonlyMap<string, StateEntry>;
  /** What was changed, a sentence each, for people. Empty where the names were the model's. */
  readonly notes: readonly string[];
}

/** Spellings of one thing, each with one word for all of them. */
const spellings: readonly (readonly [RegExp, string])[] = [
  [/^conv1?\./, '<stem convolution>.'],
  [/^bn1?\./, '<stem norm>.'],
  [/^(fc|linear|classifier|head)\./, '<head>.'],
  [/\.(downsample|shortcut)\./, '.<shortcut>.'],
];

/** Counters of training steps, which PyTorch did not save before version 0.4.1; they change no result. */
const COUNTER = '.num_batches_tracked';

/** Of the names that were changed, how many a note shows. */
const SHOWN = 4;

/**
 * @param entries by the file's names
 * @param model its stateDict()
 */
export function fitStateNames(
  entries: ReadonlyMap<string, StateEntry>,
  model: ReadonlyMap<string, Variable>,
): FittedState {
  const names = matchNames([...entries.keys()], [...model.keys()]);
  const fitted = new Map([...entries].map(([name, entry]) => [names.get(name) ?? name, entry]));
  for (const [name, { shape, value }] of model) {
    if (name.endsWith(COUNTER) && !fitted.has(name)) fitted.set(name, { shape, data: value });
  }
  return { entries: fitted, notes: notesOf(names) };
}

/**
 * Names of a file, each with the model's name for the same thing. Those that are not in the result fit nothing, or more than
 * one thing.
 */
export function matchNames(found: readonly string[], wanted: readonly string[]): ReadonlyMap<string, string> {
  const prefix = wrapperOf(found, wanted);
  const ofModel = byCommonSpelling(wanted, '');
  const matched = new Map<string, string>();
  for (const [spelling, name] of byCommonSpelling(found, prefix)) {
    const own = ofModel.get(spelling);
    if (name !== undefined && own !== undefined) matched.set(name, own);
  }
  // What the model calls by that very name needs no interpretation.
  const exact = new Set(wanted);
  for (const name of found) {
    const bare = name.slice(prefix.length);
    if (exact.has(bare)) matched.set(name, bare);
  }
  return matched;
}

/** The words before all names of a file that are before none of the model's: 'model.' of a training program, say. */
function wrapperOf(found: readonly string[], wanted: readonly string[]): string {
  let prefix = '';
  for (;;) {
    const next = found[0]?.slice(prefix.length).match(/^[^.]+\./)?.[0];
    if (next === undefined) return prefix;
    const longer = prefix + next;
    if (!found.every((name) => name.startsWith(longer)) || wanted.some((name) => name.startsWith(next))) return prefix;
    prefix = longer;
  }
}

/** Names by their common spelling; undefined where two have the same one. */
function byCommonSpelling(names: readonly string[], prefix: string): Map<string, string | undefined> {
  const result = new Map<string, string | undefined>();
  for (const name of names) {
    const common = spellings.reduce((text, [own, shared]) => text.replace(own, shared), name.slice(prefix.length));
    result.set(common, result.has(common) ? undefined : name);
  }
  return result;
}

function notesOf(names: ReadonlyMap<string, string>): string[] {
  const layer = (name: string) => name.slice(0, name.lastIndexOf('.'));
  const changed = new Set([...names].filter(([a, b]) => a !== b).map(([a, b]) => `${layer(a)} is ${layer(b)} here`));
  if (changed.size === 0) return [];
  const rest = changed.size > SHOWN ? `, and ${changed.size - SHOWN} more` : '';
  return [`Layers have other names in the file: ${[...changed].slice(0, SHOWN).join(', ')}${rest}.`];
}
