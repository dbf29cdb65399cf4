// The data set that a run names, as a source, and its splits opened as far as the run wants them.

import { type Dataset, type SplitName, take } from '../../data/index.ts';
import { type DataSource, findSource, type OpenOptions } from '../../data/node.ts';

export interface OpenSplitOptions extends OpenOptions {
  readonly split: SplitName;
  /** The first so many images; null for all. */
  readonly limit: number | null;
}

/** @throws UsageError for what is neither a name nor a folder */
export function findDataset(nameOrFolder: string): DataSource {
  return findSource(nameOrFolder);
}

export async function openDataset(
  source: DataSource,
  { split, limit, ...options }: OpenSplitOptions,
): Promise<Dataset> {
  const dataset = await source.open(split, options);
  return limit === null ? dataset : take(dataset, limit);
}
