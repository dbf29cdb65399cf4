// What of a data set is on this machine: where its files were found, and whether they are the right ones.

import { type DataFile, type DatasetDescription, type Split, splits } from '../data/catalog/description.ts';
import {
  cacheOf,
  defaultCacheDirectory,
  type LocatedSplit,
  loadDataset,
  locateSplit,
  searchDirectories,
} from '../data/node.ts';
import { ResiduaError } from '../errors.ts';

export interface SplitState {
  /** Where all files of the split are; null where some are missing. */
  readonly found: LocatedSplit | null;
}

export interface DatasetState extends Readonly<Record<Split, SplitState>> {
  /** Of what must be downloaded before both splits are there. */
  readonly downloadBytes: number;
}

/**
 * Looks for files; opens none.
 *
 * @param directory where to look, and nowhere else; the usual places when left out
 */
export function findDataset(description: DatasetDescription, directory?: string): DatasetState {
  const directories = directory ? [directory] : searchDirectories(description, defaultCacheDirectory());
  const find = (split: Split) => ({ found: locateSplit(description, split, directories) ?? null });
  const state = { train: find('train'), test: find('test') };
  const missing = splits.filter((split) => state[split].found === null);
  const single = missing.flatMap((split) => description.splits[split].files.map(({ gz }) => gz?.size ?? 0));
  const archive = missing.length > 0 ? (description.archive?.size ?? 0) : 0;
  return { ...state, downloadBytes: single.reduce((sum, size) => sum + size, archive) };
}

/** What a split is found to hold; or what is wrong with it. */
export interface SplitCheck {
  readonly problem: string | null;
  readonly images: number | null;
  /** Images of each class. */
  readonly perClass: readonly number[] | null;
}

/** Reads the files that were found as training would, with size, format and checksum. */
export async function checkSplit(
  description: DatasetDescription,
  split: Split,
  { directory }: LocatedSplit,
): Promise<SplitCheck> {
  try {
    const { labels, length, classes } = await loadDataset(description, { split, directory });
    const perClass = classes.map(() => 0);
    for (const label of labels) perClass[label]++;
    return { problem: null, images: length, perClass };
  } catch (error) {
    if (error instanceof ResiduaError) return { problem: error.message, images: null, perClass: null };
    throw error;
  }
}

/** Where downloads of a data set go. */
export const downloadFolder = (description: DatasetDescription): string =>
  cacheOf(description, defaultCacheDirectory());

export const filesOf = (description: DatasetDescription): { split: Split; file: DataFile }[] =>
  splits.flatMap((split) => description.splits[split].files.map((file) => ({ split, file })));
