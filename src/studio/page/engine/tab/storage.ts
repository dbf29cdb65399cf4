// Where runs of a tab keep their files: the browser's own storage for this page (the origin private file system), which
// survives reloads and restarts. It has one folder a run, with the same files as a run folder on a disk:
//
//   runs/digits-2025-03-09-142530/config.json, metrics.jsonl, checkpoint.safetensors, model.safetensors, result.json
//
// A file is replaced as a whole: written beside it, forced to the disk, then moved into its place. Reading works on the page
// and in workers; writing in workers only, by the one that has the run's lock.

import { ResiduaError } from '../../../../errors.ts';
import { runFileNames } from '../../../../train/run/file-names.ts';

export const fileNames = {
  ...runFileNames,
  /** Why the run ended before its end: message and hint. */
  problem: 'problem.json',
} as const;

export type FileName = (typeof fileNames)[keyof typeof fileNames];

/** Behind the name of a file that is being written. */
const PART = '.part';

/** What TypeScript knows only where it knows no document. */
interface SyncAccess {
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}
type FileHandle = FileSystemFileHandle & {
  createSyncAccessHandle(): Promise<SyncAccess>;
  move(name: string): Promise<void>;
};

async function runsFolder(): Promise<FileSystemDirectoryHandle> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle('runs', { create: true });
  } catch (cause) {
    throw new ResiduaError('this browser keeps no files for this page', {
      hint: 'Leave its private mode, allow the page to store data, or take another browser.',
      cause,
    });
  }
}

export async function runNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const [name, { kind }] of (await runsFolder()).entries()) if (kind === 'directory') names.push(name);
  return names;
}

/** Makes a new folder, with a number behind its name where that exists. */
export async function createRunFiles(wanted: string): Promise<RunFiles> {
  const taken = await runNames();
  let name = wanted;
  for (let i = 2; taken.includes(name); i++) name = `${wanted}-${i}`;
  return new RunFiles(name, await (await runsFolder()).getDirectoryHandle(name, { create: true }));
}

/** @throws ResiduaError where there is no such run */
export async function openRunFiles(name: string): Promise<RunFiles> {
  try {
    return new RunFiles(name, await (await runsFolder()).getDirectoryHandle(name));
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new ResiduaError(`this browser has no run called '${name}'`, { cause });
  }
}

export async function removeRunFiles(name: string): Promise<void> {
  await (await runsFolder()).removeEntry(name, { recursive: true }).catch(unlessMissing);
}

export class RunFiles {
  readonly name: string;
  readonly #folder: FileSystemDirectoryHandle;

  constructor(name: string, folder: FileSystemDirectoryHandle) {
    this.name = name;
    this.#folder = folder;
  }

  /** @returns undefined where there is none */
  async open(file: FileName): Promise<File | undefined> {
    const handle = await this.#folder.getFileHandle(file).catch(unlessMissing);
    return handle?.getFile();
  }

  async read(file: FileName): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const found = await this.open(file);
    return found && new Uint8Array(await found.arrayBuffer());
  }

  async text(file: FileName): Promise<string | undefined> {
    return (await this.open(file))?.text();
  }

  /** Bytes of each. */
  async sizes(): Promise<Record<string, number>> {
    const sizes: Record<string, number> = {};
    for await (const [name, handle] of this.#folder.entries()) {
      if (handle.kind === 'file' && !name.endsWith(PART)) sizes[name] = (await handle.getFile()).size;
    }
    return sizes;
  }

  /** @param keepOldAs another name, which the old content gets instead of being lost */
  async write(
    file: FileName,
    content: string | Uint8Array,
    { keepOldAs }: { keepOldAs?: FileName } = {},
  ): Promise<void> {
    const part = await this.#put(`${file}${PART}`, content, 0);
    // Where the tab ends between these two, there is the old content under its new name.
    if (keepOldAs !== undefined) await this.#handle(file).then((old) => old.move(keepOldAs), unlessMissing);
    await part.move(file);
  }

  async append(file: FileName, text: string): Promise<void> {
    await this.#put(file, text, undefined);
  }

  async remove(file: FileName): Promise<void> {
    await this.#folder.removeEntry(file).catch(unlessMissing);
  }

  async rename(file: FileName, name: FileName): Promise<void> {
    await (await this.#handle(file)).move(name);
  }

  #handle(name: string, create = false): Promise<FileHandle> {
    return this.#folder.getFileHandle(name, { create }) as Promise<FileHandle>;
  }

  /** @param at where to; undefined for the end of what is there */
  async #put(name: string, content: string | Uint8Array, at: number | undefined): Promise<FileHandle> {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    try {
      const handle = await this.#handle(name, true);
      const access = await handle.createSyncAccessHandle();
      try {
        const begin = at ?? access.getSize();
        access.truncate(begin);
        const written = access.write(bytes, { at: begin });
        if (written < bytes.length) throw new DOMException('not all was written', 'QuotaExceededError');
        access.flush();
      } finally {
        access.close();
      }
      return handle;
    } catch (cause) {
      throw cannotWrite(`${this.name}/${name}`, cause);
    }
  }
}

function cannotWrite(path: string, cause: unknown): ResiduaError {
  const { name, message } = cause as DOMException;
  const full = name === 'QuotaExceededError';
  const reason = full ? 'the browser gives this page no more room' : message;
  return new ResiduaError(`could not write ${path}: ${reason}`, {
    hint: full
      ? 'Delete runs that are not needed, then continue this one.'
      : 'Reload the page, then continue this run.',
    cause,
  });
}

const isMissing = (error: unknown): boolean => (error as DOMException).name === 'NotFoundError';

function unlessMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
