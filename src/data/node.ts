// What of the data sets needs Node: finding, downloading and reading their files, and preparing batches in a worker.

export type { DownloadOptions } from './download.node.ts';
export type { DownloadProgress } from './download-progress.ts';
export { FilesDataset } from './files-dataset.node.ts';
export { type Channels, decodeImage, readImage } from './images/decode-image.node.ts';
export { type LoadOptions, loadDataset, loadMnist } from './load-dataset.node.ts';
export { cacheOf, defaultCacheDirectory, type LocatedSplit, locateSplit, searchDirectories } from './locate.node.ts';
export { createLoader, type PrefetchOptions } from './prefetch-loader.node.ts';
export { findSource } from './sources/find-source.node.ts';
export { FolderSource } from './sources/folder-source.node.ts';
export { type DataSource, type OpenOptions, traitsOf } from './sources/source.ts';
