// Ctrl-C, and again while the first one is still being handled: while the step is finished, the checkpoint, the model and the
// report are written. The second ends the process at once, as the operating system does it (a shell says 130 then), and
// the run is whole: it goes on to the weights of one that nobody stopped.

import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { linesOf, type Outcome, residua, temporaryFolder } from '../cli/run-cli.ts';

const root = temporaryFolder();
const settings = ['--limit', '40', '--epochs', '3', '--batch-size', '4', '--log-every', '1', '--threads', '1'];
const train = (folder: string, onStart?: (child: ChildProcess) => void) =>
  residua(['train', ...settings, '--out', folder, '--json'], { onStart });

const hashOf = ({ code, stdout, stderr }: Outcome): string => {
  expect(code, stderr).toBe(0);
  return JSON.parse(linesOf(stdout).at(-1)!).weightsHash;
};

/** Sends SIGINT in the first epoch, and the second signal so many milliseconds after the first one was noticed. */
const interruptTwice = (second: NodeJS.Signals, milliseconds: number) => (child: ChildProcess) => {
  let [first, noticed] = [false, false];
  child.stdout?.on('data', (text: string) => {
    if (!first && text.includes('"event":"log"')) first = child.kill('SIGINT');
  });
  child.stderr?.on('data', (text: string) => {
    if (noticed || !text.includes('Ctrl-C again ends at once')) return;
    noticed = true;
    if (milliseconds === 0) child.kill(second);
    else setTimeout(() => child.kill(second), milliseconds);
  });
};

let expected: string;
beforeAll(async () => {
  expected = hashOf(await train(join(root, 'whole')));
});

it.each([
  ['SIGINT', 0],
  ['SIGINT', 10],
  ['SIGINT', 40],
  ['SIGTERM', 20],
] as const)(
  'a second signal, %s, %i ms later, ends a run at once, and it goes on with --resume',
  async (second, milliseconds) => {
    const folder = join(root, `${second}-${milliseconds}`);
    const { code, signal, stderr } = await train(folder, interruptTwice(second, milliseconds));
    expect(stderr).not.toMatch(/^ +at |error/m);
    // Where the machine was busy, the second may have come when all had been saved.
    expect(signal === null ? code : signal).toSatisfy((end) => end === second || end === 130);
    expect(hashOf(await residua(['train', '--resume', folder, '--json']))).toBe(expected);
  },
);
