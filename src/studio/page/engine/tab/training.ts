// A run in the worker: built by the same code as in Node, kept in the browser's storage, told to all tabs of the page as it
// goes. It needs no page to go on: a hidden tab's worker keeps computing, and waits for no timer and no frame.

import { ResiduaError, UsageError } from '../../../../errors.ts';
import { buildRun } from '../../../../train/run/build.ts';
import { parseRunConfig, type RunConfig } from '../../../../train/run/config.ts';
import { beginning, conclude, type Run, restore, trainToWeights } from '../../../../train/run/execute.ts';
import type { Reporter } from '../../../../train/run/reporter.ts';
import { nameOfRun } from '../../../../train/run/run-name.ts';
import { whileLocked } from './locks.ts';
import { CHANNEL, idOf, type Problem, type TabMessage, type TabProgress } from './messages.ts';
import { type TabData, tabPlatform } from './platform.ts';
import { findCheckpoint, settle, storeIn } from './run-store.ts';
import { createRunFiles, fileNames, openRunFiles, type RunFiles } from './storage.ts';

/** Between two messages about a run's progress. */
const PROGRESS_MS = 200;

const channel = new BroadcastChannel(CHANNEL);
const tell = (message: TabMessage) => channel.postMessage(message);

interface Current {
  readonly controller: AbortController;
  /** Known as soon as the run has a folder. */
  id?: string;
}

/** What this worker trains. */
let current: Current | undefined;

channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
  if (data.type === 'pause' && data.id === current?.id) current.controller.abort();
};

/**
 * Begins a run. What can be wrong with it is found out before it has a folder.
 *
 * @returns its name, once it trains; how it goes on is told on the channel
 */
export function startRun(config: RunConfig, data: TabData, wanted = nameOfRun(config.recipe)): Promise<string> {
  return occupy(async (job) => {
    const begin = performance.now();
    const built = await buildRun(config, { platform: tabPlatform(data), reporter: {}, resumed: false });
    try {
      const files = await createRunFiles(wanted);
      await job.own(files, async () => {
        await files.write(fileNames.config, `${JSON.stringify(config, null, 2)}\n`);
        const store = storeIn(files);
        const started = await beginning(store);
        const reporter = reporterOf(files.name, started.log, job.started);
        const { name: folder } = files;
        await finish(files, { folder, store, config, built, reporter, signal: job.signal, begin, ...started });
      });
    } finally {
      await built.close();
    }
  });
}

/** Goes on with a run that was paused, or that its tab left: to the same weights as without. */
export function resumeRun(name: string, data: TabData): Promise<string> {
  return occupy(async (job) => {
    const begin = performance.now();
    const files = await openRunFiles(name);
    await job.own(files, async () => {
      const warning = (text: string) => tell({ type: 'message', id: idOf(name), text });
      const config = await readConfig(files);
      const found = await findCheckpoint(files);
      if (found?.fallback !== undefined) warning(found.fallback);
      const platform = tabPlatform(data);
      const built = await buildRun(config, { platform, reporter: { warning }, resumed: found !== undefined });
      try {
        const store = storeIn(files);
        const restored = found ? await restore(found, { store, built, reporter: { warning } }) : await beginning(store);
        if (found) await settle(files, found);
        for (const file of [fileNames.result, fileNames.problem]) await files.remove(file);
        tell({ type: 'metrics', id: idOf(name), from: 0, points: restored.log });
        const reporter = reporterOf(name, restored.log, job.started);
        await finish(files, { folder: name, store, config, built, reporter, signal: job.signal, begin, ...restored });
      } finally {
        await built.close();
      }
    });
  });
}

/** @throws ResiduaError where it is missing or damaged */
export async function readConfig(files: RunFiles): Promise<RunConfig> {
  const path = `${files.name}/${fileNames.config}`;
  const text = await files.text(fileNames.config);
  if (text === undefined) throw new ResiduaError(`there is no ${path}`, { hint: 'Delete this run.' });
  try {
    return parseRunConfig(JSON.parse(text), path, 'Delete this run.');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ResiduaError(`${path} is not JSON: ${error.message}`, { hint: 'Delete this run.', cause: error });
  }
}

async function finish(files: RunFiles, run: Run): Promise<void> {
  await files.write(fileNames.preflight, `${JSON.stringify(run.built.warnings, null, 2)}\n`);
  await conclude(run, await trainToWeights(run));
}

interface Job {
  readonly signal: AbortSignal;
  /** To be called when the first step comes next. */
  readonly started: () => void;
  /** Works on a run's files while this tab alone has them; what goes wrong is written down there. */
  own(files: RunFiles, work: () => Promise<void>): Promise<void>;
}

/** @returns the name of the job's run, once it trains */
function occupy(work: (job: Job) => Promise<void>): Promise<string> {
  if (current) {
    throw new UsageError('this tab trains already', { hint: 'Pause that run first, or train in another tab.' });
  }
  const mine: Current = { controller: new AbortController() };
  current = mine;
  return new Promise<string>((resolve, reject) => {
    let name = '';
    let trains = false;
    const job: Job = {
      signal: mine.controller.signal,
      started: () => {
        trains = true;
        tell({ type: 'changed', id: idOf(name) });
        resolve(name);
      },
      own: (files, work) => {
        name = files.name;
        mine.id = idOf(name);
        return whileLocked(name, async () => {
          tell({ type: 'progress', id: idOf(name), progress: { doing: 'preparing' } });
          await work().catch(async (error) => {
            await files.write(fileNames.problem, JSON.stringify(problemOf(error)));
            throw error;
          });
        });
      },
    };
    work(job)
      .catch((error) => {
        // Later there is nobody who waits for it: it stands among the run's files.
        if (!trains) reject(error);
      })
      .finally(() => {
        current = undefined;
        if (name !== '') tell({ type: 'changed', id: idOf(name) });
      });
  });
}

function problemOf(error: unknown): Problem {
  if (error instanceof ResiduaError) return { message: error.message, hint: error.hint };
  return { message: error instanceof Error ? error.message : String(error) };
}

/** @param log of the run; it has each point before that is told */
function reporterOf(name: string, log: Run['log'], started: () => void): Reporter {
  const id = idOf(name);
  let last = Number.NEGATIVE_INFINITY;
  const progress = (now: TabProgress) => {
    if (performance.now() - last < PROGRESS_MS) return;
    last = performance.now();
    tell({ type: 'progress', id, progress: now });
  };
  return {
    start: started,
    step: (step) => progress({ doing: 'training', ...step }),
    evaluate: ({ set, images, of }) => progress({ doing: set === 'test' ? 'testing' : 'validating', images, of }),
    log: (point) => {
      tell({ type: 'metrics', id, from: log.length - 1, points: [point] });
      tell({ type: 'changed', id });
    },
    warning: (text) => tell({ type: 'message', id, text }),
  };
}
