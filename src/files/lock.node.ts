// A lock keeps two processes off one thing, such as a run folder. It is a file that names its owner; who makes it first has
// it. A process that was killed leaves its lock behind, so a lock whose owner is dead may be taken over, and that must not go
// wrong when two processes do so at once: both have read the dead owner's lock, the quicker one has replaced it, and the
// slower one must not replace that. So only the holder of a second lock, which belongs to the dead owner's lock, may replace
// it, and it reads it again first:
//
//   run.lock            {"token": "a", "pid": 17, ...}      17 is dead
//   run.lock.a          {"token": "b", "pid": 23, ...}      23 may replace run.lock as long as it is a's
//
// The second lock is taken by the same rule, since its owner may be killed, too.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { cannotWrite } from './write-atomically.node.ts';

const ownerSchema = z.object({
  token: z.uuid(),
  pid: z.int().min(1),
  host: z.string(),
  /** Of the process; for people. */
  started: z.string(),
  /** The same, as the operating system counts it: tells processes apart that got the same number. null: unknown. */
  processStart: z.string().nullable(),
});
export type Owner = z.infer<typeof ownerSchema>;

export interface Lock {
  /** Gives free what was locked. */
  release(): Promise<void>;
}

/**
 * @param path of the lock, whose folder exists
 * @throws InUse naming the process that has it, if that lives or cannot be seen from here
 * @throws WriteError where the folder can't be written
 */
export async function lock(path: string): Promise<Lock> {
  const held = await acquire(path, ownerOf(process.pid));
  // They keep nobody out, so that those which can't be removed are no reason to go without the lock.
  await removeLeftovers(path).catch(() => {});
  return held;
}

/**
 * Who has the lock; undefined where nobody has, or whoever had it is dead. Only to be shown: it may have changed by the time it
 * is looked at.
 */
export async function lockHolder(path: string): Promise<Owner | undefined> {
  const owner = await readOwner(path);
  return typeof owner === 'string' || !mayLive(owner) ? undefined : owner;
}

/** Whether a living owner is this very process of this machine, so that a signal reaches it and no other. */
export function canSignal({ pid, host, processStart: start }: Owner): boolean {
  return host === os.hostname() && start !== null && start === processStart(pid);
}

/** Another has the lock. */
export class InUse extends Error {
  readonly owner: Owner;

  constructor(owner: Owner) {
    super(`in use by ${describeOwner(owner)}`);
    this.owner = owner;
  }
}

async function acquire(path: string, own: Owner): Promise<Lock> {
  const release = async () => {
    const owner = await readOwner(path);
    // One that can't be removed is the lock of a dead process soon. What ended the run is the error to report.
    if (typeof owner !== 'string' && owner.token === own.token) await rm(path, { force: true }).catch(() => {});
  };
  for (;;) {
    if (await create(path, own)) return { release };
    const found = await readOwner(path);
    if (found === 'none') continue;
    if (found !== 'unreadable' && mayLive(found)) throw new InUse(found);
    const replacing = await acquire(`${path}.${found === 'unreadable' ? 'unreadable' : found.token}`, own);
    try {
      if (isSame(await readOwner(path), found)) {
        await replace(path, own);
        return { release };
      }
    } finally {
      await replacing.release();
    }
  }
}

/** The owner's name is in it from the first moment on. @returns false where there is one already */
async function create(path: string, own: Owner): Promise<boolean> {
  const prepared = await prepare(path, own);
  try {
    await link(prepared, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ENOENT: whoever has the lock now has cleaned up.
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    // A file system without links, such as exFAT. Here a process that is killed may leave an empty lock.
    return await createDirectly(path, own);
  } finally {
    await rm(prepared, { force: true });
  }
}

async function createDirectly(path: string, own: Owner): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(own), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cannotWrite(path, error);
  }
}

async function replace(path: string, own: Owner): Promise<void> {
  const prepared = await prepare(path, own);
  await rename(prepared, path).catch((error) => {
    throw cannotWrite(path, error);
  });
}

async function prepare(path: string, own: Owner): Promise<string> {
  const prepared = `${path}.${own.token}.part`;
  await writeFile(prepared, JSON.stringify(own)).catch((error) => {
    throw cannotWrite(path, error);
  });
  return prepared;
}

async function readOwner(path: string): Promise<Owner | 'none' | 'unreadable'> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'unreadable';
  }
}

function isSame(a: Owner | 'none' | 'unreadable', b: Owner | 'none' | 'unreadable'): boolean {
  return typeof a === 'string' || typeof b === 'string' ? a === b : a.token === b.token;
}

/** What killed processes left: the lock is ours, so nobody is about to replace it. */
async function removeLeftovers(path: string): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  for (const other of await readdir(folder)) {
    if (!other.startsWith(`${name}.`)) continue;
    const owner = await readOwner(join(folder, other));
    const isLeft = owner !== 'none' && (owner === 'unreadable' || !mayLive(owner));
    if (isLeft) await rm(join(folder, other), { force: true });
  }
}

function ownerOf(pid: number): Owner {
  const started = new Date(performance.timeOrigin).toISOString();
  return { token: randomUUID(), pid, host: os.hostname(), started, processStart: processStart(pid) };
}

/** false only where it is certain that the process is dead. */
function mayLive({ pid, host, processStart: start }: Owner): boolean {
  if (host !== os.hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  return start === null || start === processStart(pid);
}

/**
 * When a process was started: the boot that it belongs to, and the clock ticks since then. Another one with the same number
 * has another start. Known on Linux; null elsewhere, and for processes that are dead and not yet buried.
 */
function processStart(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may hold anything: count from its end. proc(5)
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    const [state, ticks] = [fields[0], fields[19]];
    return state === 'Z' || state === 'X' ? null : `${boot} ${ticks}`;
  } catch {
    return null;
  }
}

export function describeOwner({ pid, host, started }: Owner): string {
  if (host !== os.hostname()) return `process ${pid} on ${host} (started ${started})`;
  return pid === process.pid ? 'this process itself' : `process ${pid} (started ${started})`;
}
