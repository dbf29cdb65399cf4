// The files of a split as paths on this machine: found where they lie, or downloaded into the cache.

import { join } from 'node:path';
import { ResiduaError } from '../errors.ts';
import type { DataFile, DatasetDescription, Split } from './catalog/description.ts';
import { type DownloadOptions, download } from './download.node.ts';
import {
  cacheOf,
  defaultCacheDirectory,
  fileNames,
  findFile,
  type LocatedSplit,
  locateSplit,
  searchDirectories,
} from './locate.node.ts';

export interface ObtainOptions extends DownloadOptions {
  readonly split: Split;
  readonly directory?: string;
  readonly cacheDirectory?: string;
}

/** @throws ResiduaError that names the file that is missing in the user's folder, or what each mirror answered */
export async function obtainSplit(description: DatasetDescription, options: ObtainOptions): Promise<LocatedSplit> {
  const { directory, split } = options;
  if (directory !== undefined) {
    return locateSplit(description, split, [directory]) ?? refuse(description, split, directory);
  }
  const cacheDirectory = options.cacheDirectory ?? defaultCacheDirectory();
  const found = locateSplit(description, split, searchDirectories(description, cacheDirectory));
  if (found !== undefined) return found;

  const into = cacheOf(description, cacheDirectory);
  const { archive, mirrors } = description;
  if (archive !== undefined) {
    // Kept as it is: its checksum is the only one that is published, and it is read in a second or two.
    const path = join(into, archive.name);
    await download({ ...archive, mirrors }, path, options);
    return { directory: into, files: { archive: path } };
  }
  const files: string[] = [];
  for (const file of description.splits[split].files) {
    files.push(findFile(into, file) ?? (await fetchFile(file, mirrors, into, options)));
  }
  return { directory: into, files };
}

async function fetchFile(
  { name, gz }: DataFile,
  mirrors: readonly string[],
  into: string,
  options: DownloadOptions,
): Promise<string> {
  if (gz === undefined) throw new Error(`the catalog does not say how ${name} is served`);
  const path = join(into, `${name}.gz`);
  await download({ name: `${name}.gz`, ...gz, mirrors }, path, options);
  return path;
}

function refuse({ name, splits, archive }: DatasetDescription, split: Split, directory: string): never {
  const file = splits[split].files.find((file) => findFile(directory, file) === undefined)!;
  const places =
    archive === undefined ? fileNames(file) : [file.name, join(archive.directory, file.name), archive.name];
  throw new ResiduaError(`${directory} has no ${file.name} of ${name} (looked for ${places.join(', ')})`, {
    hint: `Put the file there, name another folder, or name none to have ${name} downloaded.`,
  });
}
