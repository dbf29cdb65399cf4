// What the page shows of a run of the tab, read from its folder: the same views as of the server's runs.

import type { LogPoint } from '../../../../train/index.ts';
import type { PreflightWarning } from '../../../../train/preflight/index.ts';
import { fromLines } from '../../../../train/run/metrics-lines.ts';
import type { RunConfig, RunSummary } from '../../../../train/run/node.ts';
import type { RunDetail, RunState, RunView } from '../../../protocol.ts';
import { outcomeOf, progressOf } from '../../../run-views.ts';
import { lockedRuns } from './locks.ts';
import { idOf, type Problem } from './messages.ts';
import { type FileName, fileNames, openRunFiles, type RunFiles } from './storage.ts';

/** @param pausing whether it has been asked to stop */
export async function viewOf(name: string, pausing: boolean): Promise<RunView> {
  const files = await openRunFiles(name);
  const [config, result, problem] = await Promise.all([
    json<RunConfig>(files, fileNames.config),
    json<RunSummary>(files, fileNames.result),
    json<Problem>(files, fileNames.problem),
  ]);
  const settings = await files.open(fileNames.config);
  // Some browsers don't date what is appended: files that are replaced are dated by all.
  const written = [fileNames.metrics, fileNames.checkpoint, fileNames.result].map((file) => files.open(file));
  const dates = (await Promise.all(written)).map((file) => file?.lastModified ?? 0);
  const points = await pointsOf(files);
  const locked = (await lockedRuns()).has(name);
  const state = stateOf(locked, pausing, { config, result, problem });
  const last = points.at(-1);
  const created = settings?.lastModified ?? 0;
  return {
    id: idOf(name),
    name,
    group: null,
    state,
    config: config ?? null,
    problem: problem ? [problem.message, problem.hint].filter(Boolean).join('. ') : null,
    progress: config && last ? progressOf(config, last, points.length) : null,
    result: result ? outcomeOf(result) : null,
    created,
    updated: Math.max(created, ...dates),
    hasModel: (await files.open(fileNames.model)) !== undefined,
    hasReport: false,
    can: {
      pause: state === 'running',
      resume: state === 'paused' || state === 'interrupted' || state === 'failed',
      remove: !locked,
    },
  };
}

export async function detailOf(name: string, pausing: boolean, messages: readonly string[]): Promise<RunDetail> {
  const files = await openRunFiles(name);
  const summary = (await json<RunSummary>(files, fileNames.result)) ?? null;
  const warnings = (await json<PreflightWarning[]>(files, fileNames.preflight)) ?? [];
  const said = [...warnings.map(({ message, reason, advice }) => `${message} ${reason} ${advice}`), ...messages];
  return { ...(await viewOf(name, pausing)), summary, messages: said, files: await files.sizes() };
}

export async function pointsOf(files: RunFiles): Promise<LogPoint[]> {
  return fromLines((await files.text(fileNames.metrics)) ?? '');
}

interface Found {
  readonly config: RunConfig | undefined;
  readonly result: RunSummary | undefined;
  readonly problem: Problem | undefined;
}

function stateOf(locked: boolean, pausing: boolean, { config, result, problem }: Found): RunState {
  if (locked) return pausing ? 'pausing' : 'running';
  if (!config) return 'damaged';
  if (problem) return 'failed';
  if (!result) return 'interrupted';
  return result.status === 'finished' ? 'finished' : 'paused';
}

/** undefined where it is missing or damaged. */
async function json<T>(files: RunFiles, name: FileName): Promise<T | undefined> {
  try {
    return JSON.parse((await files.text(name)) ?? '') as T;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
