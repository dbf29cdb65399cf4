// A data source is what a data set's name or folder stands for: what is known before any image is decoded, and the way to
// its splits. Training asks it for its traits to choose transforms and a network, and then opens the splits.

import type { Dataset } from '../dataset.ts';
import type { DownloadProgress } from '../download-progress.ts';
import type { InputShape } from '../image.ts';

export const splitNames = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

export interface Statistics {
  /** Of training images, each channel, in units of 0 to 1: what Normalize takes. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** How many images they were measured on; undefined where they are published. */
  readonly images?: number;
}

/** What transforms, networks and tasks depend on. */
export interface DatasetTraits extends Statistics {
  /** [C, H, W] of an image; height and width are null where images differ in size. */
  readonly imageShape: InputShape;
  readonly classes: readonly string[];
  /** Whether an image has any number of classes. */
  readonly multiLabel: boolean;
}

export interface OpenOptions {
  /** Grey (1) or colour (3) images, where the source can give both; its own by default. */
  readonly channels?: number;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

export interface DataSource extends Omit<DatasetTraits, keyof Statistics> {
  /** What config.json keeps: a name, or a folder's absolute path. */
  readonly name: string;
  /** The entry of the catalog that it is, also where the files lie in a folder; undefined for what has no name. */
  readonly catalogName?: string;
  /** Images of each split where that is known without opening it. */
  readonly images: Readonly<Record<SplitName, number>>;
  /** What a user should know of it: a split that was made, files that were left out. */
  readonly notes: readonly string[];
  /** @throws ResiduaError when files are missing or wrong */
  open(split: SplitName, options?: OpenOptions): Promise<Dataset>;
  /** Looked up, or measured on a sample of the training images. */
  statistics(): Statistics;
}

export function traitsOf(source: DataSource): DatasetTraits {
  const { imageShape, classes, multiLabel } = source;
  return { imageShape, classes, multiLabel, ...source.statistics() };
}
