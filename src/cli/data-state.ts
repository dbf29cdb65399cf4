// What of a data set is on this machine: where its files were found, and whether they are the right ones.

import { join } from 'node:path';
import type { DataFile } from '../data/catalog.ts';
import type { DatasetDescription, Split } from '../data/index.ts';
import { defaultCacheDirectory, type LocatedSplit, loadDataset, locateSplit, searchDirectories } from '../data/node.ts';
import { ResiduaError } from '../errors.ts';

export const splits: readonly Split[] = ['train', 'test'];

export interface SplitState {
  /** Where both files of the split are; null where some are missing. */
  readonly found: LocatedSplit | null;
  /** Of what must be downloaded when it is not found. */
  readonly downloadBytes: number;
}

export type DatasetState = Readonly<Record<Split, SplitState>>;

/** Looks for files; opens none. */
export function findDataset(description: DatasetDescription): DatasetState {
  const directories = searchDirectories(description, defaultCacheDirectory());
  const state = (split: Split): SplitState => {
    const { images, labels } = description.splits[split];
    const found = locateSplit(description, split, directories) ?? null;
    return { found, downloadBytes: images.gz.size + labels.gz.size };
  };
  return { train: state('train'), test: state('test') };
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
export const cacheOf = ({ name }: DatasetDescription): string => join(defaultCacheDirectory(), name);

export const filesOf = (description: DatasetDescription): { split: Split; file: DataFile }[] =>
  splits.flatMap((split) => {
    const { images, labels } = description.splits[split];
    return [images, labels].map((file) => ({ split, file }));
  });
