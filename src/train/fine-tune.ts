// Fine-tuning: a model begins with another's weights instead of random ones. Where the number of classes differs, its last
// layer (the head) keeps its own first weights; stages that are to stay as they are, are frozen.

import { UsageError } from '../errors.ts';
import { Linear, type Module, type StateEntry } from '../nn/index.ts';
import { sameShape } from '../tensor/shape.ts';

/** What became of the last layer. */
export interface LoadedHead {
  /** Its path in the model: 'fc'. */
  readonly name: string;
  /** Classes that the weights were made for, where the head is new; null where it has their weights, too. */
  readonly replaced: number | null;
}

/** Counters of training steps, which PyTorch did not save before version 0.4.1. */
const COUNTER = '.num_batches_tracked';

/**
 * Gives the model the weights of a file, all but those of a head for another number of classes.
 *
 * @param model not yet compiled
 * @param entries by state_dict name
 * @throws ResiduaError that lists every key and shape that doesn't fit; nothing is changed then
 */
export function loadForFineTuning(model: Module, entries: ReadonlyMap<string, StateEntry>): LoadedHead {
  const name = headOf(model);
  const state = model.stateDict();
  const [rows, ...rest] = entries.get(`${name}.weight`)?.shape ?? [];
  const [classes, ...features] = state.get(`${name}.weight`)!.shape;
  const isNew = rows !== undefined && rows !== classes && sameShape(rest, features);
  const given = new Map(entries);
  for (const [key, { shape, value }] of state) {
    const own = isNew && key.startsWith(`${name}.`) && entries.has(key);
    if (own || (key.endsWith(COUNTER) && !entries.has(key))) given.set(key, { shape, data: value });
  }
  model.loadStateDict(given);
  return { name, replaced: isNew ? rows : null };
}

/** The path of the last linear layer. */
function headOf(model: Module): string {
  const linear = [...model.namedModules()].filter(([, module]) => module instanceof Linear);
  const last = linear.at(-1);
  if (!last) throw new UsageError('the model has no linear layer, so it has no head to replace');
  return last[0];
}

/** A part of a model that is frozen or trained as a whole. */
export interface Stage {
  readonly name: string;
  readonly modules: readonly Module[];
}

/** 'stem': all before layer1; then the model's direct children that have parameters. */
export function stagesOf(model: Module): Stage[] {
  const children = [...model.namedChildren()].filter(([, module]) => module.parameters().length > 0);
  const first = children.findIndex(([name]) => /^layer\d/.test(name));
  const stem = children.slice(0, Math.max(0, first)).map(([, module]) => module);
  const rest = children.slice(Math.max(0, first)).map(([name, module]) => ({ name, modules: [module] }));
  return stem.length > 0 ? [{ name: 'stem', modules: stem }, ...rest] : rest;
}

/**
 * Freezes stages, or single modules by their path: `stem`, `layer1`, `layer2.0.conv1`.
 *
 * @throws UsageError for names that the model doesn't have, and where nothing would be left to train
 */
export function freezeStages(model: Module, names: readonly string[]): void {
  const stages = stagesOf(model);
  const modules = model.namedModules();
  const frozen = names.flatMap((name) => {
    const found = stages.find((stage) => stage.name === name)?.modules ?? [modules.get(name)].flatMap((m) => m ?? []);
    if (name !== '' && found.length > 0) return found;
    throw new UsageError(`the model has no stage '${name}' to freeze`, {
      hint: `Its stages are: ${stages.map((stage) => stage.name).join(', ')}; a layer's path such as layer1.0 will do, too.`,
    });
  });
  for (const module of frozen) module.freeze();
  if (model.trainableParameters().length === 0) {
    throw new UsageError('all parameters of the model are frozen: there is nothing to train', {
      hint: 'Leave at least the last layer out of --freeze.',
    });
  }
}

/** How much of a stage is trained. */
export interface StageState {
  readonly name: string;
  readonly parameters: number;
  readonly trainable: number;
}

export function stageStates(model: Module): StageState[] {
  const count = (variables: readonly { readonly size: number }[]) => variables.reduce((sum, { size }) => sum + size, 0);
  return stagesOf(model).map(({ name, modules }) => ({
    name,
    parameters: count(modules.flatMap((module) => module.parameters())),
    trainable: count(modules.flatMap((module) => module.trainableParameters())),
  }));
}
