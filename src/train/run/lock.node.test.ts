// The lock of a run folder: one owner at a time, however many want it at once and whatever killed ones left behind.

import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lock } from '../../files/lock.node.ts';
import { lockFolder } from './lock.node.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'residua-lock-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A process that has ended: nobody has its number, as far as anyone can tell. */
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;

const owner = (more: object) => {
  const started = '2025-03-09T14:25:30.000Z';
  return { token: randomUUID(), pid: deadPid(), host: os.hostname(), started, processStart: null, ...more };
};
const leave = (name: string, content: object | string) =>
  writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));

/** How many of so many at once got it; those that did not must say who has it. */
async function compete(count: number): Promise<Lock[]> {
  const results = await Promise.allSettled(Array.from({ length: count }, () => lockFolder(folder)));
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason.message).toContain('is in use by this process itself');
  }
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

describe('a lock', () => {
  it('is held by one, and names it, until it is released; then nothing is left of it', async () => {
    const lock = await lockFolder(folder);
    const { pid, host } = JSON.parse(await readFile(join(folder, 'run.lock'), 'utf8'));
    expect([pid, host]).toEqual([process.pid, os.hostname()]);
    await expect(lockFolder(folder)).rejects.toThrow(`${folder} is in use by this process itself`);
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
    await (await lockFolder(folder)).release();
  });

  it('of a process that lives is respected, and of one on another computer, too', async () => {
    await leave('run.lock', owner({ pid: process.ppid }));
    await expect(lockFolder(folder)).rejects.toThrow(`in use by process ${process.ppid} (started 2025-03-09`);
    await leave('run.lock', owner({ host: 'elsewhere' }));
    await expect(lockFolder(folder)).rejects.toThrow(/in use by process \d+ on elsewhere/);
  });

  it('of a process that is dead is taken over, with whatever others left that died in doing so', async () => {
    const [first, second] = [owner({}), owner({})];
    await leave('run.lock', first);
    await leave(`run.lock.${first.token}`, second);
    await leave(`run.lock.${first.token}.${second.token}`, owner({}));
    await leave(`run.lock.${randomUUID()}.part`, owner({}));
    const lock = await lockFolder(folder);
    expect(await readdir(folder)).toEqual(['run.lock']);
    await lock.release();
  });

  it.runIf(existsSync('/proc/self/stat'))('of a dead process whose number another one has is taken over', async () => {
    await leave('run.lock', owner({ pid: process.pid, processStart: 'an earlier boot 17' }));
    await (await lockFolder(folder)).release();
  });

  it('that is empty, as a file system without links may leave it, is taken over', async () => {
    await leave('run.lock', '');
    await (await lockFolder(folder)).release();
  });

  it('has one winner when many want it at once, free or left by a dead process', async () => {
    for (let round = 0; round < 16; round++) {
      const [first, second] = [owner({ pid: 2 ** 30 }), owner({ pid: 2 ** 30 })];
      if (round % 4 > 0) await leave('run.lock', round % 4 === 3 ? '' : first);
      if (round % 4 === 2) await leave(`run.lock.${first.token}`, second);
      const winners = await compete(8);
      expect(winners, `round ${round}`).toHaveLength(1);
      await winners[0].release();
    }
    expect(await readdir(folder)).toEqual([]);
  });
});
