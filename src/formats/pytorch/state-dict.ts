// Checkpoints wrap their weights in many ways: as they are, under 'state_dict' or 'model' beside an epoch and an
// optimizer, with 'module.' before each name (DataParallel). This finds the one dict that is the network's state, and says
// what was chosen, so that a wrong guess is seen.

import { ResiduaError } from '../../errors.ts';
import { printable } from '../printable.ts';
import { TorchTensor } from './torch-objects.ts';

export interface FoundState {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** A sentence each; empty when the file is a state dict and nothing else. */
  readonly notes: readonly string[];
}

/** Where checkpoints keep a network's state, the usual places first. Others are taken, too, if they are the only ones. */
const usualNames = ['state_dict', 'model_state_dict', 'model_state', 'model', 'net', 'network', 'weights', 'params'];

/** Tensors in these belong to the training, not to the network. */
const otherNames = /optim|sched|scaler|amp$/i;

/** What wrappers put before each name: DataParallel, torch.compile. */
const wrapperPrefixes = ['module.', '_orig_mod.'];

const MAX_DEPTH = 4;

interface Candidate {
  /** Keys from the top. */
  readonly path: readonly string[];
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** What else the dict holds. */
  readonly others: readonly string[];
}

/** @param source how to call the file in errors */
export function findState(root: unknown, source: string): FoundState {
  const candidates = root instanceof Map ? search(root) : [];
  if (candidates.length === 0) {
    throw new ResiduaError(`${source} holds no state dict: ${describe(root)}`, {
      hint: 'Save one in Python: torch.save(model.state_dict(), FILE).',
    });
  }
  const [{ path, tensors, others }, ...rest] = candidates.toSorted(
    (a, b) => rank(a) - rank(b) || b.tensors.size - a.tensors.size,
  );
  const notes: string[] = [];
  if (path.length > 0) notes.push(`The weights are those under '${printable(path.join('.'))}'.`);
  if (path.length > 0 && rest.length > 0) {
    notes.push(`There are others, left alone: ${list(rest.map((other) => other.path.join('.') || 'at the top'))}.`);
  }
  if (others.length > 0) notes.push(`Left out, being no tensors: ${list(others)}.`);
  const { prefix, names } = withoutPrefixes(tensors);
  if (prefix !== '') notes.push(`'${prefix}' was taken off each name.`);
  return { tensors: names, notes };
}

/** Dicts with tensors under names, outermost first. */
function search(root: Map<unknown, unknown>): Candidate[] {
  const found: Candidate[] = [];
  const seen = new Set<unknown>([root]);
  let level: { path: string[]; map: Map<unknown, unknown> }[] = [{ path: [], map: root }];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth++) {
    const next: typeof level = [];
    for (const { path, map } of level) {
      const tensors = new Map<string, TorchTensor>();
      const others: string[] = [];
      for (const [key, value] of map) {
        if (typeof key !== 'string') continue;
        if (value instanceof TorchTensor) tensors.set(key, value);
        else others.push(key);
      }
      // A few tensors beside other things are a best accuracy or a step, not a network.
      if (tensors.size > others.length) found.push({ path, tensors, others });
      for (const [key, value] of map) {
        if (!(value instanceof Map) || typeof key !== 'string' || seen.has(value) || otherNames.test(key)) continue;
        seen.add(value);
        next.push({ path: [...path, key], map: value });
      }
    }
    level = next;
  }
  return found;
}

/** Small for the places where a network's state is usually kept; the file's own object comes next, then other places. */
function rank({ path }: Candidate): number {
  const { length } = usualNames;
  if (path.length === 0) return length;
  const place = usualNames.indexOf(path[path.length - 1]);
  return (place < 0 ? length + 1 : place) + (length + 2) * (path.length - 1);
}

function withoutPrefixes(tensors: ReadonlyMap<string, TorchTensor>) {
  let names = tensors;
  let prefix = '';
  for (;;) {
    const keys = [...names.keys()];
    const next = wrapperPrefixes.find((wrapper) => keys.every((key) => key.startsWith(wrapper) && key !== wrapper));
    if (next === undefined) return { prefix, names };
    names = new Map([...names].map(([name, tensor]) => [name.slice(next.length), tensor]));
    prefix += next;
  }
}

function list(names: readonly unknown[]): string {
  const shown = names.slice(0, 6).map((name) => printable(name));
  return [...shown, ...(names.length > shown.length ? [`${names.length - shown.length} more`] : [])].join(', ');
}

function describe(root: unknown): string {
  if (root instanceof Map) return `its keys are ${list([...root.keys()])}`;
  if (root instanceof TorchTensor) return 'it is a single tensor';
  return 'it is no dict';
}
