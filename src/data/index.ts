// Data sets, transforms and loaders that run on every platform. What needs files, threads or downloads is in node.ts.

export type { Batch } from './batch.ts';
export type { DataFile, DatasetDescription, Split } from './catalog/description.ts';
export { catalog, describeDataset } from './catalog.ts';
export {
  ArrayDataset,
  type ArrayDatasetOptions,
  type Dataset,
  type Example,
  type Labelling,
  Subset,
  subset,
  take,
} from './dataset.ts';
export type { FloatImage, Image, ImageShape, InputShape } from './image.ts';
export { type BatchLoader, DataLoader, type EpochOptions, type LoaderOptions } from './loader.ts';
export type { MixOptions } from './mix.ts';
export { type DatasetTraits, type SplitName, type Statistics, splitNames } from './sources/source.ts';
export { randomSplit } from './split.ts';
export * from './transforms/index.ts';
