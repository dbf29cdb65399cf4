// What of the data sets needs Node: finding, downloading and reading their files, and preparing batches in a worker.

export type { DownloadOptions, DownloadProgress } from './download.node.ts';
export { type LoadOptions, loadDataset, loadMnist } from './load-dataset.node.ts';
export { cacheOf, defaultCacheDirectory, type LocatedSplit, locateSplit, searchDirectories } from './locate.node.ts';
export { createLoader, type PrefetchOptions } from './prefetch-loader.node.ts';
