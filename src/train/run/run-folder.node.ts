// The run folder: where a run keeps what it did. Files that are replaced (checkpoint, model) are replaced in one step;
// metrics.jsonl grows by a line a log point, and a resumed run cuts it back to where it goes on.

import { appendFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ResiduaError, UsageError } from '../../errors.ts';
import { cannotWrite, isPart, removeParts, writeAtomically } from '../../files/write-atomically.node.ts';
import type { PreflightWarning } from '../preflight/index.ts';
import type { LogPoint } from '../progress.ts';
import { parseRunConfig, type RunConfig } from './config.ts';
import { runFileNames } from './file-names.ts';
import { isLock } from './lock.node.ts';
import { fromLines, toLine } from './metrics-lines.ts';
import type { RunFiles } from './reporter.ts';
import { nameOfRun } from './run-name.ts';

/** In the folder of several runs: how far they are. */
export const SEEDS = 'seeds.json';

export function filesOf(folder: string): RunFiles {
  const paths = Object.entries(runFileNames).map(([file, name]) => [file, join(folder, name)]);
  return Object.fromEntries(paths) as { [File in keyof RunFiles]: string };
}

/**
 * Makes the folder of a new run.
 *
 * @param wanted an empty or new folder; runs/RECIPE-DATE when undefined, with a number where that exists
 * @throws UsageError where something is there already
 */
export async function createRunFolder(wanted: string | undefined, recipe: string, now = new Date()): Promise<string> {
  if (wanted !== undefined) return claim(resolve(wanted));
  return createDatedFolder('runs', recipe, now);
}

/** A new folder PARENT/NAME-DATE, with a number behind it where that exists. @returns its absolute path */
export async function createDatedFolder(parent: string, name: string, now = new Date()): Promise<string> {
  const wanted = resolve(parent, nameOfRun(name, now));
  await makeFolder(dirname(wanted));
  for (let i = 1; ; i++) {
    const folder = i === 1 ? wanted : `${wanted}-${i}`;
    if (await makeFolder(folder, { mustBeNew: true })) return folder;
  }
}

async function claim(folder: string): Promise<string> {
  await makeFolder(folder);
  await checkEmpty(folder);
  return folder;
}

/**
 * Nothing but what is left of a process that was killed before it began may be there.
 *
 * @param options.written paths of the files that such a process writes; a run's by default
 * @throws UsageError
 */
export async function checkEmpty(
  folder: string,
  {
    written = ownFiles(folder),
    hint = 'Name a new folder, or go on with a stopped run there with --resume.',
  }: { readonly written?: readonly string[]; readonly hint?: string } = {},
): Promise<void> {
  const found = (await readdir(folder)).filter((name) => !isLock(name) && !isPart(name, written));
  if (found.length === 0) return;
  throw new UsageError(`${folder} is not empty (it has ${found.slice(0, 3).join(', ')})`, { hint });
}

/** Removes what killed processes were writing. Needs the folder's lock: a living process may be writing, too. */
export const tidy = (folder: string): Promise<void> => removeParts(folder, ownFiles(folder));

const ownFiles = (folder: string): string[] => [...Object.values(filesOf(folder)), join(folder, SEEDS)];

/** @returns false where it was there before and must be new */
async function makeFolder(path: string, { mustBeNew = false } = {}): Promise<boolean> {
  try {
    await mkdir(path, { recursive: !mustBeNew });
    return true;
  } catch (error) {
    if (mustBeNew && (error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cannotWrite(path, error);
  }
}

export function writeConfig(folder: string, config: RunConfig): Promise<void> {
  return writeAtomically(filesOf(folder).config, `${JSON.stringify(config, null, 2)}\n`);
}

export function writePreflight(folder: string, warnings: readonly PreflightWarning[]): Promise<void> {
  return writeAtomically(filesOf(folder).preflight, `${JSON.stringify(warnings, null, 2)}\n`);
}

/** Nobody else knows what config.json said: the weights in model.safetensors describe themselves, but not how to go on. */
const REPAIR =
  'Put it right, or bring back a copy: without it the run cannot go on. Its model.safetensors, where it has one, can be used as ever.';

/** @throws ResiduaError where there is no run, UsageError where config.json is not one */
export async function readConfig(folder: string): Promise<RunConfig> {
  const { config } = filesOf(folder);
  const text = await readRunFile(config, 'Name the folder of a run.');
  let json: unknown;
  try {
    json = JSON.parse(text.toString());
  } catch (error) {
    throw new ResiduaError(`${config} is not JSON: ${(error as Error).message}`, { hint: REPAIR, cause: error });
  }
  return parseRunConfig(json, config, REPAIR);
}

export async function readRunFile(path: string, hint: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const message = missing ? `there is no ${path}` : `cannot read ${path}: ${(error as Error).message}`;
    throw new ResiduaError(message, { hint, cause: error });
  }
}

export async function appendMetrics(folder: string, point: LogPoint): Promise<void> {
  const { metrics } = filesOf(folder);
  await appendFile(metrics, toLine(point)).catch((error) => {
    throw cannotWrite(metrics, error);
  });
}

/** Begins metrics.jsonl, with the points up to where a resumed run goes on. */
function writeMetrics(folder: string, points: readonly LogPoint[]): Promise<void> {
  return writeAtomically(filesOf(folder).metrics, points.map(toLine).join(''));
}

/**
 * Cuts metrics.jsonl back to its first `count` points: a run that crashed may have logged more than its checkpoint knows of,
 * the last of them in part.
 *
 * @returns these; fewer where some are lost
 */
export async function restoreMetrics(folder: string, count: number): Promise<LogPoint[]> {
  const { metrics } = filesOf(folder);
  const text = await readFile(metrics, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return '';
    throw new ResiduaError(`cannot read ${metrics}: ${error.message}`, { cause: error });
  });
  const points = fromLines(text, count);
  await writeMetrics(folder, points);
  return points;
}
