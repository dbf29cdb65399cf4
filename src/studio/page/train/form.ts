// What is filled in on the Train page, and the settings that it says. An empty field says nothing: the recipe decides. Kept
// over a reload.

import { computed, effect, signal } from '@preact/signals';
import { type RecipeName, recipeFor } from '../../../train/recipes.ts';
import type { RunSettings } from '../../protocol.ts';
import { recall, remember } from '../session.ts';
import { backend } from '../state/backend.ts';

/** Where runs train. */
export type Place = 'node' | 'tab';

/** Instead of a data set's name: a folder, whose path is in another field. */
export const FOLDER = '?folder';

/** What numbers may be; the library knows the rest. */
export const numbers = {
  epochs: { whole: true, least: 1 },
  limit: { whole: true, least: 1 },
  batchSize: { whole: true, least: 1 },
  lr: { whole: false, least: 0 },
  weightDecay: { whole: false, least: 0 },
  validation: { whole: true, least: 0 },
  labelSmoothing: { whole: false, least: 0, most: 1 },
  dropout: { whole: false, least: 0, most: 1 },
  seed: { whole: true, least: 0 },
  threads: { whole: true, least: 1 },
  logEvery: { whole: true, least: 1 },
} as const satisfies Partial<Record<keyof RunSettings, NumberRule>>;

interface NumberRule {
  readonly whole: boolean;
  readonly least: number;
  readonly most?: number;
}

export type NumberName = keyof typeof numbers;
export const numberNames = Object.keys(numbers) as NumberName[];

export type Form = Readonly<Record<NumberName, string>> & {
  readonly place: Place;
  readonly dataset: string;
  readonly folder: string;
  readonly recipe: RecipeName;
  /** '' is the recipe's, here and in the next ones. */
  readonly model: string;
  readonly optimizer: string;
  readonly schedule: string;
  readonly augment: string;
  readonly name: string;
};

const blank: Form = {
  ...(Object.fromEntries(numberNames.map((name) => [name, ''])) as Record<NumberName, string>),
  place: backend.kind === 'server' ? 'node' : 'tab',
  dataset: 'mnist',
  folder: '',
  recipe: 'digits',
  model: '',
  optimizer: '',
  schedule: '',
  augment: '',
  name: '',
};

/** Steps between points of the curves, where nothing is said: whoever watches wants them more often than a log. */
export const LOG_EVERY = 25;

const KEPT = 'form';

export const form = signal<Form>({ ...blank, ...restored() });
effect(() => remember(KEPT, JSON.stringify(form.value)));

function restored(): Partial<Form> {
  try {
    const { place, ...values } = JSON.parse(recall(KEPT) ?? '{}');
    return backend.kind === 'server' && place ? { place, ...values } : values;
  } catch {
    return {};
  }
}

export function change(values: Partial<Form>): void {
  form.value = { ...form.value, ...values };
}

/** Other data takes the recipe that was made for it. A tab sees no folders. */
export function chooseDataset(dataset: string): void {
  const recipe = recipeFor(dataset === FOLDER ? undefined : dataset);
  change({ dataset, recipe, model: '' });
}

export function choosePlace(place: Place): void {
  if (place === 'tab' && form.value.dataset === FOLDER) chooseDataset(blank.dataset);
  change({ place });
}

/** All but where, what and by which recipe. */
export function reset(): void {
  const { place, dataset, folder, recipe } = form.value;
  form.value = { ...blank, place, dataset, folder, recipe };
}

/** Fields whose number is none, or out of range. */
export const wrong = computed((): ReadonlySet<NumberName> => {
  const values = form.value;
  return new Set(numberNames.filter((name) => values[name].trim() !== '' && !fits(values[name], numbers[name])));
});

function fits(text: string, { whole, least, most = Number.POSITIVE_INFINITY }: NumberRule): boolean {
  const value = Number(text);
  return Number.isFinite(value) && value >= least && value <= most && (!whole || Number.isSafeInteger(value));
}

/** undefined while something is missing or no number. */
export const settings = computed((): RunSettings | undefined => {
  const { place: _, dataset, folder, name: __, ...values } = form.value;
  if (wrong.value.size > 0 || (dataset === FOLDER && folder.trim() === '')) return undefined;
  const said = Object.entries(values).filter(([, value]) => value.trim() !== '');
  const typed = said.map(([name, value]) => [name, name in numbers ? Number(value) : value]);
  return { logEvery: LOG_EVERY, ...Object.fromEntries(typed), dataset: dataset === FOLDER ? folder.trim() : dataset };
});

/** As the server takes it. */
export const nameIsWrong = computed(() => !/^([\w-][\w.-]{0,63})?$/.test(form.value.name));
