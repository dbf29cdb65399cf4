// Fetching one file of a data set: several mirrors, each tried a few times, the content checked before it gets its final
// name. Under that name there is either the whole, right file or nothing.

import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ResiduaError } from '../errors.ts';

export interface DownloadProgress {
  /** The file's name, such as train-images-idx3-ubyte.gz. */
  readonly file: string;
  readonly url: string;
  /** Bytes so far; the first report of an attempt says 0. */
  readonly received: number;
  /** Bytes in all. */
  readonly total: number;
}

export interface DownloadOptions {
  /** Called before the first byte and after each piece. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Instead of the platform's fetch, such as one that goes through a proxy. */
  readonly fetch?: typeof fetch;
  /** Milliseconds without a byte until an attempt is given up; 30,000 by default. */
  readonly timeout?: number;
  /** Attempts at each mirror; 3 by default. */
  readonly attempts?: number;
  /** Milliseconds before the second attempt, doubled before each further one; 500 by default. */
  readonly retryDelay?: number;
}

export interface RemoteFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly md5: string;
  /** Addresses of folders that hold the file, the preferred one first. */
  readonly mirrors: readonly string[];
}

/** A mirror has answered, and asking it again would not help. */
class WrongAnswer extends Error {}

/**
 * Writes the file to `path`; its folder is made when missing.
 * @throws ResiduaError that says what each mirror answered and where to put the file by hand
 */
export async function download(file: RemoteFile, path: string, options: DownloadOptions = {}): Promise<void> {
  const { attempts = 3, retryDelay = 500 } = options;
  const failures: string[] = [];
  for (const mirror of file.mirrors) {
    const url = mirror + file.name;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      try {
        return await save(path, await fetchOnce(file, url, options));
      } catch (error) {
        if (error instanceof ResiduaError) throw error;
        const again = attempt < attempts && !(error instanceof WrongAnswer);
        if (again) {
          await delay(retryDelay * 2 ** (attempt - 1));
          continue;
        }
        failures.push(`${url}: ${reason(error)}${attempt > 1 ? ` (${attempt} attempts)` : ''}`);
        break;
      }
    }
  }
  throw new ResiduaError(`could not download ${file.name} (${file.size} bytes):\n  ${failures.join('\n  ')}`, {
    hint: `Check the connection, or get the file yourself and put it at ${path}`,
  });
}

async function fetchOnce(file: RemoteFile, url: string, options: DownloadOptions): Promise<Uint8Array> {
  const { onProgress, timeout = 30_000 } = options;
  const controller = new AbortController();
  const giveUp = () => controller.abort(new Error(`nothing received for ${timeout / 1000} s`));
  let timer = setTimeout(giveUp, timeout);
  try {
    const response = await (options.fetch ?? fetch)(url, { signal: controller.signal });
    if (!response.ok) {
      const answer = `HTTP ${response.status} ${response.statusText}`.trim();
      await response.body?.cancel();
      const temporary = response.status >= 500 || response.status === 408 || response.status === 429;
      throw temporary ? new Error(answer) : new WrongAnswer(answer);
    }
    const content = new Uint8Array(file.size);
    let received = 0;
    const report = () => onProgress?.({ file: file.name, url, received, total: file.size });
    report();
    for await (const piece of response.body ?? []) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, timeout);
      if (received + piece.length > file.size) {
        throw new WrongAnswer(`expected ${file.size} bytes, found more`);
      }
      content.set(piece, received);
      received += piece.length;
      report();
    }
    if (received < file.size) throw new Error(`expected ${file.size} bytes, found ${received}`);
    const md5 = createHash('md5').update(content).digest('hex');
    if (md5 !== file.md5) throw new WrongAnswer(`expected md5 ${file.md5}, found ${md5}`);
    return content;
  } finally {
    clearTimeout(timer);
    controller.abort(); // ends a body that was not read to its end
  }
}

/** Writes beside the final place and renames, so that a broken-off write leaves nothing under the final name. */
async function save(path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to report
    throw new ResiduaError(`could not write ${path}: ${reason(error)}`, {
      hint: 'Free some space, or choose another cache directory.',
      cause: error,
    });
  }
}

/** The message of an error with that of its cause: fetch says only 'fetch failed' and puts the reason there. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
