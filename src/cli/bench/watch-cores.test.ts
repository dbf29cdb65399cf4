import { spawn } from 'node:child_process';
import os from 'node:os';
import { expect, it } from 'vitest';
import { watchCores } from './watch-cores.node.ts';

const BUSY_SECONDS = 1;

it('sees what another process takes of the cores, and leaves out what contestants took', async () => {
  const watch = watchCores();
  // Counts its own processor time, so that it does the same work however many others want the core.
  const burn = `
    const taken = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6; };
    while (taken() < ${BUSY_SECONDS}) for (let i = 0; i < 1e6; i++) Math.random();`;
  const begin = performance.now();
  await new Promise((resolve) => spawn(process.execPath, ['-e', burn]).on('exit', resolve));
  const available = ((performance.now() - begin) / 1000) * os.cpus().length;

  // The system counts in hundredths of a second, sometimes by samples.
  const share = BUSY_SECONDS / available;
  const all = watch(0);
  expect(all).toBeGreaterThan(share * 0.7);
  expect(all).toBeLessThanOrEqual(1);
  expect(watch(BUSY_SECONDS)).toBeLessThan(all - share * 0.7);
});
