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

/** Looks for files; opens none. */
export function findDataset(description: DatasetDescription): DatasetState {
  const directories = searchDirectories(description, defaultCacheDirectory());
  const find = (split: Split) => ({ found: locateSplit(description, split, directories) ?? null });
  const state = { train: find('train'), test: find('test') };
  const missing = splits.filter((split) => state[split].found === null);
  const single = missing.flatMap((split) => description.splits[split].files.map(({ gz }) => gz?.size ?? 0));
  const archive = missing.length > 0 ? (description.archive?.size ?? 0) : 0;
  return { ...state, downloadBytes: single.reduce((sum, size) => sum + size, archive) };
}

/** Reads the files that were found as training would, with size, format and checksum. @returns what is wrong, or null */
export async function checkSplit(
  description: DatasetDescription,
  split: Split,
  { directory }: LocatedSplit,
): Promise<string | null> {
  try {
    await loadDataset(description, { split, directory });
    return null;
  } catch (error) {
    if (error instanceof ResiduaError) return error.message;
    throw error;
  }
}

/** Where downloads of a data set go. */
export const downloadFolder = (description: DatasetDescription): string =>
  cacheOf(description, defaultCacheDirectory());

export const filesOf = (description: DatasetDescription): { split: Split; file: DataFile }[] =>
  splits.flatMap((split) => description.splits[split].files.map((file) => ({ split, file })));
