// Fetching one file of a data set: several mirrors, each tried a few times, the content checked before it gets its final
// name. Under that name there is either the whole, right file or nothing. What an attempt has brought is kept, and the next
// one goes on from there, whichever mirror or process it is; of several processes that want the same file one fetches it,
// and the others wait.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ResiduaError } from '../errors.ts';
import { describeOwner, InUse, type Lock, lock } from '../files/lock.node.ts';
import { cannotWrite, WriteError } from '../files/write-atomically.node.ts';
import { fetchRest, type RemoteFile, WrongAnswer } from './download/fetch-rest.node.ts';
import { PartialFile, receivedOf } from './download/partial-file.node.ts';
import type { DownloadProgress } from './download-progress.ts';

export type { RemoteFile } from './download/fetch-rest.node.ts';

export interface DownloadOptions {
  /** Called before the first byte and after each piece. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Instead of the platform's fetch, such as one that goes through a proxy. */
  readonly fetch?: typeof fetch;
  /** Milliseconds with next to nothing received until an attempt is given up; 30,000 by default. */
  readonly timeout?: number;
  /** Attempts at each mirror that bring next to nothing; 3 by default. */
  readonly attempts?: number;
  /** Milliseconds before the second attempt, doubled before each further one; 500 by default. */
  readonly retryDelay?: number;
}

type Settings = Required<DownloadOptions>;

/** An attempt that brings this share of the file was worth it, and is not counted. */
const WORTHWHILE = 1 / 100;
/** Milliseconds between looks at another process's download. */
const LOOK = 100;

/**
 * Writes the file to `path`, unless there is one; its folder is made when missing.
 * @throws ResiduaError that says what each mirror answered and where to put the file by hand; that the folder can't be
 *   written; that another process has the file under way, and seems to hang
 */
export async function download(file: RemoteFile, path: string, options: DownloadOptions = {}): Promise<void> {
  const { onProgress = () => {}, timeout = 30_000, attempts = 3, retryDelay = 500 } = options;
  const settings = { onProgress, fetch: options.fetch ?? fetch, timeout, attempts, retryDelay };
  try {
    await mkdir(dirname(path), { recursive: true }).catch((error) => {
      throw cannotWrite(path, error);
    });
    const held = await waitForLock(file, path, settings);
    try {
      if (!existsSync(path)) await fetchTo(path, file, settings);
    } finally {
      await held.release();
    }
  } catch (error) {
    if (!(error instanceof WriteError)) throw error;
    throw new ResiduaError(error.message, {
      hint: `${error.remedy}, then run again to go on, or choose another cache directory.`,
      cause: error,
    });
  }
}

/** Waits as long as another process that has the lock gets on with the file. */
async function waitForLock(file: RemoteFile, path: string, settings: Settings): Promise<Lock> {
  // Longer than this process itself would hope for a byte.
  const patience = (settings.timeout + settings.retryDelay) * settings.attempts * (file.mirrors.length + 1);
  let received = -1;
  let since = Date.now();
  for (;;) {
    try {
      return await lock(lockOf(path));
    } catch (error) {
      if (!(error instanceof InUse)) throw error;
      const now = await receivedOf(path);
      if (now !== received) {
        received = now;
        since = Date.now();
        const report = { file: file.name, url: file.mirrors[0] + file.name, total: file.size };
        settings.onProgress({ ...report, received: Math.min(received, file.size) });
      } else if (Date.now() - since > patience) throw hanging(path, error, patience);
    }
    await delay(LOOK);
  }
}

const lockOf = (path: string): string => `${path}.lock`;

function hanging(path: string, { owner }: InUse, patience: number): ResiduaError {
  const message = `${path} is under way to ${describeOwner(owner)}, and nothing has come for ${patience / 1000} s`;
  return new ResiduaError(message, { hint: `End that process; if it runs no more, delete ${lockOf(path)}.` });
}

async function fetchTo(path: string, file: RemoteFile, settings: Settings): Promise<void> {
  const partial = await PartialFile.open(path, file.size);
  try {
    await fetchFromMirrors(partial, path, file, settings);
    await partial.finish();
  } finally {
    await partial.close();
  }
}

async function fetchFromMirrors(
  partial: PartialFile,
  path: string,
  file: RemoteFile,
  settings: Settings,
): Promise<void> {
  const failures: string[] = [];
  for (const mirror of file.mirrors) {
    const failure = await tryMirror(partial, file, mirror + file.name, settings);
    if (failure === undefined) return;
    failures.push(failure);
  }
  const kept = partial.size > 0 ? ` (the ${partial.size} bytes that came are kept)` : '';
  throw new ResiduaError(`could not download ${file.name} (${file.size} bytes):\n  ${failures.join('\n  ')}`, {
    hint: `Check the connection and run again${kept}, or get the file yourself and put it at ${path}`,
  });
}

/** @returns why the mirror was given up; undefined when the file is whole */
async function tryMirror(
  partial: PartialFile,
  file: RemoteFile,
  url: string,
  { fetch, timeout, attempts, retryDelay, onProgress }: Settings,
): Promise<string | undefined> {
  const onReceived = (received: number) => onProgress({ file: file.name, url, received, total: file.size });
  const tags = new Map<string, string>();
  let made = 0;
  let most = partial.size;
  for (let vain = 0; ; ) {
    try {
      made++;
      await fetchRest(partial, file, url, tags, { fetch, timeout, onReceived });
      return undefined;
    } catch (error) {
      if (error instanceof ResiduaError) throw error;
      if (partial.size > most + file.size * WORTHWHILE) {
        most = partial.size;
        vain = 0;
      } else vain++;
      if (vain >= attempts || error instanceof WrongAnswer) {
        return `${url}: ${reason(error)}${made > 1 ? ` (${made} attempts)` : ''}`;
      }
      await delay(retryDelay * 2 ** Math.max(0, vain - 1));
    }
  }
}

/** The message of an error with that of its cause: fetch says only 'fetch failed' and puts the reason there. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error.cause instanceof Error)) return error.message;
  const { message, code } = error.cause as NodeJS.ErrnoException;
  return `${error.message}: ${message || code || error.cause.name}`;
}
