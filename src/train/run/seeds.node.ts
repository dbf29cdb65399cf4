// Several runs that differ in their seed alone, and what they come to together: one run's accuracy says little where luck is
// as large as the difference between two settings. Each run has a folder of its own (seed-0, seed-1, ...) in that of them
// all; seeds.json there says how far they are, so that runs that were stopped go on where they were.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { writeAtomically } from '../../files/write-atomically.node.ts';
import type { RunConfig } from './config.ts';
import { lockFolder } from './lock.node.ts';
import { buildOnNode } from './platform.node.ts';
import type { RunResult } from './reporter.ts';
import { type RunOptions, resumeRun, trainRun } from './run.node.ts';
import {
  checkEmpty,
  createRunFolder,
  filesOf,
  readConfig,
  readRunFile,
  SEEDS,
  tidy,
  writeConfig,
} from './run-folder.node.ts';

const runSchema = z.object({
  seed: z.int().min(0),
  folder: z.string(),
  /** On the test set. */
  accuracy: z.number(),
  loss: z.number(),
  weightsHash: z.string(),
  /** Of the run as a whole. */
  seconds: z.number(),
});
const seedsSchema = z.object({ seeds: z.array(z.int().min(0)).min(1), runs: z.array(runSchema) });

/** One of the runs, finished. */
export type SeedRun = z.infer<typeof runSchema>;

/** Over the runs. */
export interface Spread {
  readonly mean: number;
  /** Sample standard deviation: with n - 1 below. */
  readonly std: number;
}

/** seeds.json holds it. */
export interface SeedsResult {
  readonly status: 'finished' | 'stopped';
  readonly folder: string;
  readonly seeds: readonly number[];
  /** Those that are finished, in the order of the seeds. */
  readonly runs: readonly SeedRun[];
  /** Of the tests; null until all runs are finished. */
  readonly accuracy: Spread | null;
  readonly loss: Spread | null;
}

export interface SeedsOptions extends RunOptions {
  /** After each run that was finished now. */
  readonly onRun?: (run: SeedRun, result: RunResult) => void;
}

/**
 * Runs with the seeds config.seed, config.seed + 1, ...
 *
 * @param count 2 or more
 */
export async function trainSeeds(config: RunConfig, count: number, options: SeedsOptions = {}): Promise<SeedsResult> {
  if (!Number.isInteger(count) || count < 2) throw new UsageError(`the number of seeds must be >= 2, found ${count}`);
  const seeds = Array.from({ length: count }, (_, i) => config.seed + i);
  // What can be wrong is found out before there is a folder.
  const { reporter } = options;
  const quiet = { download: reporter?.download?.bind(reporter) };
  await (await buildOnNode(config, { reporter: quiet, resumed: false })).close();
  const folder = await createRunFolder(options.folder, config.recipe);
  const lock = await lockFolder(folder);
  try {
    await checkEmpty(folder);
    await tidy(folder);
    // First, since a folder with a config.json alone is that of a single run.
    await writeSeeds(folder, seeds, []);
    await writeConfig(folder, config);
    return await execute(folder, config, seeds, [], options);
  } finally {
    await lock.release();
  }
}

/** Whether the folder is one of several runs. */
export const hasSeeds = (folder: string): boolean => existsSync(join(folder, SEEDS));

/** Goes on with runs that were stopped: to the same results as without the stop. */
export async function resumeSeeds(folder: string, options: Omit<SeedsOptions, 'folder'> = {}): Promise<SeedsResult> {
  const config = await readConfig(folder);
  const lock = await lockFolder(folder);
  try {
    await tidy(folder);
    const { seeds, runs } = await readSeeds(folder);
    return await execute(resolve(folder), config, seeds, runs, options);
  } finally {
    await lock.release();
  }
}

async function readSeeds(folder: string): Promise<z.infer<typeof seedsSchema>> {
  const file = join(folder, SEEDS);
  const text = (await readRunFile(file, 'Name the folder of several runs.')).toString();
  const parsed = seedsSchema.safeParse(jsonOf(text));
  if (!parsed.success) {
    throw new UsageError(`${file} is damaged: ${z.prettifyError(parsed.error)}`, {
      hint: 'Bring back a copy of it; or resume each run by itself, in its own folder.',
    });
  }
  // The folder may have been moved since.
  const runs = parsed.data.runs.map((run) => ({ ...run, folder: folderOf(folder, run.seed) }));
  return { seeds: parsed.data.seeds, runs };
}

async function writeSeeds(folder: string, seeds: readonly number[], runs: readonly SeedRun[]): Promise<SeedsResult> {
  const result = resultOf(folder, seeds, runs);
  await writeAtomically(join(folder, SEEDS), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

const folderOf = (folder: string, seed: number): string => join(resolve(folder), `seed-${seed}`);

async function execute(
  folder: string,
  config: RunConfig,
  seeds: readonly number[],
  finished: readonly SeedRun[],
  { onRun, ...options }: SeedsOptions,
): Promise<SeedsResult> {
  const runs = [...finished];
  let result = await writeSeeds(folder, seeds, runs);
  for (const seed of seeds) {
    if (runs.some((run) => run.seed === seed)) continue;
    const own = await runOne(folderOf(folder, seed), { ...config, seed }, options);
    if (own.test === null) break;
    const { accuracy, loss } = own.test;
    const run = { seed, folder: own.folder, accuracy, loss, weightsHash: own.weightsHash, seconds: own.seconds };
    runs.push(run);
    result = await writeSeeds(folder, seeds, runs);
    onRun?.(run, own);
    if (options.signal?.aborted) break;
  }
  return result;
}

function runOne(folder: string, config: RunConfig, options: RunOptions): Promise<RunResult> {
  if (existsSync(filesOf(folder).config)) return resumeRun(folder, options);
  return trainRun(config, { ...options, folder });
}

function resultOf(folder: string, seeds: readonly number[], runs: readonly SeedRun[]): SeedsResult {
  const finished = runs.length === seeds.length;
  return {
    status: finished ? 'finished' : 'stopped',
    folder,
    seeds,
    runs,
    accuracy: finished ? spread(runs.map(({ accuracy }) => accuracy)) : null,
    loss: finished ? spread(runs.map(({ loss }) => loss)) : null,
  };
}

/** @param values two or more */
export function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, std: Math.sqrt(squares / (values.length - 1)) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
