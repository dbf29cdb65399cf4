// What is in a folder of pictures, before any is opened: for each split its files and their labels. Two readers make one:
// from folders that are classes (image-folder.node.ts), and from a table of labels (label-table.node.ts).

import { permutation, randomStream } from '../../tensor/random.ts';
import type { SplitName } from './source.ts';

export interface ListedImage {
  /** Path from the root, with '/'. */
  readonly file: string;
  /** Places in `classes`: exactly one, or any number in a multi-label data set. */
  readonly labels: readonly number[];
}

export interface Listing {
  /** The absolute path of the folder. */
  readonly root: string;
  readonly classes: readonly string[];
  readonly multiLabel: boolean;
  readonly splits: Readonly<Record<SplitName, readonly ListedImage[]>>;
  readonly notes: readonly string[];
}

/** Of the images of a folder that has no test images. */
export const TEST_SHARE = 0.2;

/** Not the run's: with another seed other images would be tested, among them some that a model was trained on. */
const SPLIT_SEED = 0;

/**
 * Takes a share of the images away for the test, the same share of every class (or combination of labels), chosen at random
 * but always the same for the same files. What there is only one of is left for training.
 */
export function splitOffTest(images: readonly ListedImage[], share = TEST_SHARE) {
  const groups = new Map<string, ListedImage[]>();
  for (const image of images) {
    const key = image.labels.join();
    const group = groups.get(key);
    if (group) group.push(image);
    else groups.set(key, [image]);
  }
  const train: ListedImage[] = [];
  const test: ListedImage[] = [];
  for (const [index, key] of [...groups.keys()].sort().entries()) {
    const group = sorted(groups.get(key)!);
    const order = permutation(group.length, randomStream({ seed: SPLIT_SEED, purpose: 'split', index }));
    const count = group.length === 1 ? 0 : Math.max(1, Math.round(group.length * share));
    order.forEach((place, i) => void (i < count ? test : train).push(group[place]));
  }
  return { train, test };
}

/** A fixed random order, so that the first n images are of all classes. */
export function mixed(images: readonly ListedImage[]): ListedImage[] {
  const list = sorted(images);
  return Array.from(
    permutation(list.length, randomStream({ seed: SPLIT_SEED, purpose: 'shuffle' })),
    (place) => list[place],
  );
}

function sorted(images: readonly ListedImage[]): ListedImage[] {
  return [...images].sort((a, b) => (a.file < b.file ? -1 : Number(a.file > b.file)));
}
