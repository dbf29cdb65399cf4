// A comparison, run by run. Each network's run has a folder of its own within the comparison's; comparison.json there says how
// far all are, so that a comparison that was stopped or killed goes on where it was. When all are done: report.html.

import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { cannotWrite, removeParts, writeAtomically } from '../../files/write-atomically.node.ts';
import { NonFiniteError } from '../non-finite.ts';
import type { NormsPoint } from '../progress.ts';
import { type RunConfig, runConfigSchema } from '../run/config.ts';
import { findDataset } from '../run/datasets.node.ts';
import { lockFolder } from '../run/lock.node.ts';
import { fromLines } from '../run/metrics-lines.ts';
import type { Reporter, RunResult } from '../run/reporter.ts';
import { resolveRunConfig } from '../run/resolve-config.node.ts';
import { resumeRun, trainRun } from '../run/run.node.ts';
import { checkEmpty, filesOf } from '../run/run-folder.node.ts';
import { inEnglish } from './claim-texts.ts';
import { judge } from './claims.ts';
import type { ComparedNetwork, Comparison } from './comparison.ts';
import { measuredOf } from './measured.ts';
import { costOf, type Plan, planComparison, USUAL_SPEED } from './plan.ts';
import { renderComparison } from './report/report.ts';
import type { CompareSettings } from './settings.ts';

export const COMPARISON = 'comparison.json';
export const COMPARISON_REPORT = 'report.html';

export interface CompareOptions {
  /** A new or empty folder, or that of the same comparison, which then goes on. */
  readonly folder: string;
  /** How it was begun on the command line. */
  readonly command?: string;
  readonly reporter?: CompareReporter;
  /** Aborting it ends the comparison after the step under way, with everything saved. */
  readonly signal?: AbortSignal;
}

/** Those of a run that many runs in a row are to be seen by, and the comparison's. */
export interface CompareReporter extends Pick<Reporter, 'download' | 'step' | 'evaluate' | 'warning'> {
  /** Before the first run, and after each. */
  compared?(progress: CompareProgress): void;
  /** A network's run begins. */
  network?(network: ComparedNetwork): void;
}

export interface CompareProgress {
  readonly networks: readonly ComparedNetwork[];
  /** The one that has just been done; undefined at the beginning. */
  readonly done?: ComparedNetwork;
  /** Of all that is left; a guess until a run has been timed. */
  readonly secondsLeft: number;
}

export interface CompareResult extends Comparison {
  readonly folder: string;
  readonly files: { readonly comparison: string; readonly report: string };
}

/**
 * Trains all networks that are not done yet, and writes what they come to.
 *
 * @throws UsageError where the folder has something else, or a comparison with other settings
 */
export async function compareNetworks(settings: CompareSettings, options: CompareOptions): Promise<CompareResult> {
  const folder = resolve(options.folder);
  const plan = planComparison(settings, { resolve: resolveRunConfig, find: findDataset });
  await mkdir(folder, { recursive: true }).catch((error) => {
    throw cannotWrite(folder, error);
  });
  const lock = await lockFolder(folder);
  try {
    await removeParts(folder, ownFiles(folder));
    const begun = await begin(folder, plan, options.command);
    return await execute(folder, plan, begun, options);
  } finally {
    await lock.release();
  }
}

const ownFiles = (folder: string) => [COMPARISON, COMPARISON_REPORT].map((name) => join(folder, name));

/** The comparison as it is in the folder, or a new one. */
async function begin(folder: string, plan: Plan, command: string | undefined): Promise<Comparison> {
  const { model: _, modelOptions: _o, ...rest } = plan.configOf(plan.networks[0]);
  const config: RunConfig = { ...rest, model: plan.networks[0].name, modelOptions: {}, command };
  const path = join(folder, COMPARISON);
  if (existsSync(path)) {
    const known = await readComparison(path);
    if (settingsOf(known) !== settingsOf({ grid: plan.grid, config })) {
      throw new UsageError(`${folder} has a comparison with other settings`, {
        hint: 'Repeat its settings to go on with it, or name another folder with --out.',
      });
    }
    return known;
  }
  await checkEmpty(folder, { written: ownFiles(folder), hint: 'Name a new folder with --out.' });
  const { grid, networks, classes, trainImages, testImages } = plan;
  return { status: 'stopped', grid, config, classes, trainImages, testImages, networks, claims: [] };
}

/** What decides results: not where it computes, nor how it was typed. */
function settingsOf({ grid, config }: Pick<Comparison, 'grid' | 'config'>): string {
  const { threads: _, command: _c, versions: _v, checkpointSeconds: _s, ...deciding } = config;
  return JSON.stringify([
    grid,
    runConfigSchema.omit({ versions: true, threads: true, command: true, checkpointSeconds: true }).parse(deciding),
  ]);
}

const comparisonSchema = z.looseObject({
  grid: z.looseObject({ depths: z.array(z.int()) }),
  config: runConfigSchema,
  networks: z.array(z.looseObject({ id: z.string(), state: z.enum(['waiting', 'trained', 'diverged']) })),
});

/** What to do about a damaged comparison.json. */
const ANEW = 'Bring back a copy of it, or begin anew in another folder with --out.';

async function readComparison(path: string): Promise<Comparison> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path} is damaged: ${(error as Error).message}`, { hint: ANEW, cause: error });
  }
  const parsed = comparisonSchema.safeParse(json);
  if (!parsed.success) throw new UsageError(`${path} is damaged: ${z.prettifyError(parsed.error)}`, { hint: ANEW });
  return parsed.data as unknown as Comparison;
}

async function execute(
  folder: string,
  plan: Plan,
  begun: Comparison,
  { reporter = {}, signal, command }: CompareOptions,
): Promise<CompareResult> {
  const [path, report] = ownFiles(folder);
  let comparison = begun;
  const write = async (networks: readonly ComparedNetwork[]) => {
    const finished = networks.every(({ state }) => state !== 'waiting');
    const claims = judge(networks, comparison.testImages).map(inEnglish);
    comparison = { ...comparison, status: finished ? 'finished' : 'stopped', networks, claims };
    await writeAtomically(path, `${JSON.stringify(comparison)}\n`);
  };
  const pace = new Pace(plan, comparison.config.epochs);
  await write(comparison.networks);
  reporter.compared?.({ networks: comparison.networks, secondsLeft: pace.secondsLeft(comparison.networks) });
  for (const waiting of begun.networks) {
    if (waiting.state !== 'waiting') continue;
    reporter.network?.(waiting);
    const start = performance.now();
    const done = await runOne(waiting, { ...plan.configOf(waiting), command }, join(folder, waiting.id), {
      reporter,
      signal,
    });
    if (done === undefined) break;
    pace.add(done, (performance.now() - start) / 1000);
    await write(comparison.networks.map((own) => (own.id === done.id ? done : own)));
    const { networks } = comparison;
    reporter.compared?.({ networks, done, secondsLeft: pace.secondsLeft(networks) });
    if (signal?.aborted) break;
  }
  if (comparison.status === 'finished') await writeAtomically(report, renderComparison(basename(folder), comparison));
  return { ...comparison, folder, files: { comparison: path, report } };
}

/** @returns undefined where it was stopped before its end */
async function runOne(
  network: ComparedNetwork,
  config: RunConfig,
  folder: string,
  { reporter, signal }: { readonly reporter: CompareReporter; readonly signal?: AbortSignal },
): Promise<ComparedNetwork | undefined> {
  const measured: NormsPoint[] = [];
  const options = { signal, reporter: eventsOf(reporter, measured) };
  const begin = performance.now();
  try {
    const begun = existsSync(filesOf(folder).config);
    const run: RunResult = begun ? await resumeRun(folder, options) : await trainRun(config, { ...options, folder });
    if (run.test === null) return undefined;
    const { accuracy, loss } = run.test;
    return { ...network, ...measuredOf(run.log), state: 'trained', accuracy, loss, seconds: run.seconds };
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    const log = fromLines(await readFile(filesOf(folder).metrics, 'utf8').catch(() => ''));
    const known = new Set(log.flatMap(({ norms }) => norms ?? []).map(({ step }) => step));
    const rest = measured.filter(({ step }) => !known.has(step));
    const seconds = (performance.now() - begin) / 1000;
    return { ...network, ...measuredOf(log, rest), state: 'diverged', problem: error.message, seconds };
  }
}

/** Of a run's events those that many runs in a row are to be seen by; and what is measured of the layers, into a list. */
function eventsOf(reporter: CompareReporter, measured: NormsPoint[]): Reporter {
  return {
    download: reporter.download?.bind(reporter),
    step: reporter.step?.bind(reporter),
    evaluate: reporter.evaluate?.bind(reporter),
    warning: reporter.warning?.bind(reporter),
    norms: (norms) => void measured.push(norms),
  };
}

/** How fast runs go, for what is left. */
class Pace {
  readonly #plan: Plan;
  readonly #epochs: number;
  #done = 0;
  #seconds = 0;

  constructor(plan: Plan, epochs: number) {
    this.#plan = plan;
    this.#epochs = epochs;
  }

  add(network: ComparedNetwork, seconds: number): void {
    if (network.state !== 'trained') return;
    this.#done += costOf(network, this.#plan, this.#epochs);
    this.#seconds += seconds;
  }

  secondsLeft(networks: readonly ComparedNetwork[]): number {
    const left = networks.filter(({ state }) => state === 'waiting');
    const cost = left.reduce((sum, network) => sum + costOf(network, this.#plan, this.#epochs), 0);
    return cost / (this.#seconds > 0 ? this.#done / this.#seconds : USUAL_SPEED);
  }
}
