// What the page can do to runs: start, pause, resume, delete.

import { lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { canSignal } from '../../files/lock.node.ts';
import { lockFolder } from '../../train/run/lock.node.ts';
import { createDatedFolder } from '../../train/run/run-folder.node.ts';
import type { RunView } from '../protocol.ts';
import { RequestError } from './request-error.ts';
import type { RunStore } from './run-store.ts';
import { type Settings, trainingOf } from './words.ts';

export interface NewRun {
  readonly settings: Settings;
  /** Checked to be a plain name. */
  readonly name?: string;
}

/** @throws RequestError, UsageError */
export async function startRun(store: RunStore, { settings, name }: NewRun): Promise<RunView> {
  const { words, config } = await trainingOf(settings);
  store.jobs.checkRoom();
  const folder = await newFolder(store.path, name, config.recipe);
  begin(store, { id: basename(folder), folder, words: [...words, `--out=${folder}`] });
  return store.run(basename(folder));
}

/** Starts what makes something in a new folder. */
export function begin(
  store: RunStore,
  { id, folder, words }: { id: string; folder: string; words: readonly string[] },
): void {
  const job = store.jobs.start(id, folder, words);
  // A folder without a run, such as one whose data could not be downloaded, is not worth keeping. One with a run stays.
  job.done.then(() => rmdir(folder)).catch(() => {});
}

/** Ends the process that works on a run after its step, with everything saved. */
export async function pauseRun(store: RunStore, id: string): Promise<RunView> {
  const view = await store.run(id);
  if (view.state === 'pausing') return view;
  if (!view.can.pause) throw cannot('paused', view);
  const job = store.jobs.get(id);
  if (job?.state === 'running') {
    job.stop();
  } else {
    const record = await store.record(id);
    // Checked again at the last moment: whoever has the lock is surely that process.
    if (record.owner === undefined || !canSignal(record.owner)) throw cannot('paused', view);
    record.stopping(record.owner);
    process.kill(record.owner.pid, 'SIGTERM');
  }
  return store.run(id);
}

export async function resumeRun(store: RunStore, id: string): Promise<RunView> {
  const { path, view } = await store.record(id);
  if (!view.can.resume) throw cannot('resumed', view);
  store.jobs.start(id, path, ['train', `--resume=${path}`]);
  return store.run(id);
}

/** What may be in a run folder. A folder with anything else is not deleted: it may be somebody's work. */
const OWN = /\.(json|jsonl|safetensors|svg|html|onnx|pth|part|lock)$|^run\.lock/;

/** Deletes a run and its folder. */
export async function removeRun(store: RunStore, id: string): Promise<void> {
  const view = await store.run(id);
  if (!view.can.remove) throw cannot('deleted', view);
  if (view.config !== null || view.state === 'damaged') {
    const { path } = await store.record(id);
    await removeFolder(path);
  }
  store.jobs.forget(id);
  await store.look();
}

/**
 * Deletes the folder of a run, or with the folders of its runs that of several.
 *
 * @throws RequestError where a process works there, and where there is something else in it
 */
export async function removeFolder(path: string, { withRuns = false } = {}): Promise<void> {
  if ((await lstat(path)).isSymbolicLink()) {
    throw new RequestError('conflict', `${path} is a link to another place`, { hint: 'Delete it by hand.' });
  }
  const lock = await lockFolder(path).catch((error) => {
    throw new RequestError('conflict', error.message, { hint: 'Pause the run first.', cause: error });
  });
  try {
    const foreign = await foreignIn(path, withRuns);
    if (foreign.length > 0) {
      throw new RequestError('conflict', `${path} holds other things: ${foreign.slice(0, 3).join(', ')}`, {
        hint: 'Delete it by hand.',
      });
    }
    // Out of sight in one step; what is left after a crash is no run any more.
    const aside = join(path, '..', `.deleted-${basename(path)}-${process.pid}-${Date.now()}`);
    await rename(path, aside);
    await rm(aside, { recursive: true, force: true });
  } finally {
    await lock.release();
  }
}

/** Names in a folder that no run has. */
async function foreignIn(path: string, withRuns: boolean): Promise<string[]> {
  const foreign: string[] = [];
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (withRuns && entry.isDirectory()) foreign.push(...(await foreignIn(join(path, entry.name), false)));
    else if (!entry.isFile() || !OWN.test(entry.name)) foreign.push(entry.name);
  }
  return foreign;
}

/** @param name of the new folder; PREFIX-DATE when left out */
export async function newFolder(parent: string, name: string | undefined, prefix: string): Promise<string> {
  if (name === undefined) return createDatedFolder(parent, prefix);
  const folder = join(parent, name);
  await mkdir(parent, { recursive: true });
  await mkdir(folder).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
    throw new RequestError('conflict', `there is a folder ${folder} already`, { hint: 'Choose another name.' });
  });
  return folder;
}

function cannot(what: string, { id, state }: RunView): RequestError {
  const hint = state === 'running' ? 'End it where it was started.' : undefined;
  return new RequestError('conflict', `${id} is ${state}: it cannot be ${what}`, { hint });
}
