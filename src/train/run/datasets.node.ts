// The data set that a run names: an entry of the catalog, or a folder that holds MNIST's files.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { catalog, type Dataset, type DatasetDescription, describeDataset, type Split, take } from '../../data/index.ts';
import { type DownloadProgress, loadDataset } from '../../data/node.ts';

export interface NamedDataset {
  /** What config.json keeps: the name, or the folder's absolute path. */
  readonly name: string;
  readonly description: DatasetDescription;
  /** Where to look, and nowhere else; undefined to look in the usual places. */
  readonly directory: string | undefined;
}

/** @throws UsageError for what is neither a name nor a folder */
export function findDataset(nameOrFolder: string): NamedDataset {
  const known = catalog.find(({ name }) => name === nameOrFolder);
  if (known) return { name: known.name, description: known, directory: undefined };
  if (statSync(nameOrFolder, { throwIfNoEntry: false })?.isDirectory()) {
    const directory = resolve(nameOrFolder);
    return { name: directory, description: describeDataset('mnist'), directory };
  }
  return { name: nameOrFolder, description: describeDataset(nameOrFolder), directory: undefined };
}

export interface OpenOptions {
  readonly split: Split;
  /** The first so many images; null for all. */
  readonly limit: number | null;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

export async function openDataset(
  { description, directory }: NamedDataset,
  { split, limit, onProgress }: OpenOptions,
): Promise<Dataset> {
  const dataset = await loadDataset(description, { split, directory, onProgress });
  return limit === null ? dataset : take(dataset, limit);
}
