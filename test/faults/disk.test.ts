// What a disk can do to a run while it trains: fill up, become read-only, vanish, hold another process. Each is caused for
// real. The run must end with exit code 1 and a message that says what is wrong and how to go on; and what it saved last must
// be whole: where the fault is mended, a resumed run comes to the weights of one that had none.

import { type ChildProcess, execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { linesOf, type Outcome, residua, temporaryFolder } from '../cli/run-cli.ts';

const root = temporaryFolder();
const settings = [
  ...['--model', 'resnet8', '--limit', '40', '--epochs', '8', '--batch-size', '4', '--log-every', '1'],
  ...['--checkpoint-seconds', '0', '--threads', '1', '--seed', '3'],
];
const train = (folder: string, onStart?: (child: ChildProcess) => void) =>
  residua(['train', ...settings, '--out', folder, '--json'], { onStart });
const resume = (folder: string) => residua(['train', '--resume', folder, '--json']);

const hashOf = ({ stdout }: Outcome): string => JSON.parse(linesOf(stdout).at(-1)!).weightsHash;

/** Calls it once, when the second of eight epochs has begun: there are checkpoints, and there is much to do. */
const later = (cause: () => void) => (child: ChildProcess) => {
  let text = '';
  let done = false;
  child.stdout?.on('data', (more: string) => {
    text += more;
    if (done || !text.includes('"event":"epoch"')) return;
    done = true;
    cause();
  });
};

/** Error and hint, on the last line of stderr; no stack trace. */
function messageOf({ code, stderr }: Outcome): string {
  expect(code, stderr).toBe(1);
  expect(stderr).not.toMatch(/^ +at /m);
  return linesOf(stderr).at(-1)!;
}

let expected: string;
beforeAll(async () => {
  expected = hashOf(await train(join(root, 'whole')));
});

describe('a run whose files may not grow', () => {
  // A file-size limit fails as a full disk does, in the middle of a file, and needs no rights.
  const limited = (blocks: number, args: readonly string[]) => residua(args, { limit: `ulimit -f ${blocks}` });

  it('beyond a limit ends before its first checkpoint, and says why', async () => {
    const folder = join(root, 'limited');
    const message = messageOf(await limited(500, ['train', ...settings, '--out', folder, '--json']));
    expect(message).toMatch(/could not write .*checkpoint.safetensors: EFBIG.*ulimit -f/);
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'metrics.jsonl', 'preflight.json']);
    expect(hashOf(await resume(folder))).toBe(expected);
  });

  it('keeps its last checkpoint when it is resumed under the limit', async () => {
    const folder = join(root, 'limited-later');
    await train(folder, (child) => later(() => child.kill('SIGKILL'))(child));
    const message = messageOf(await limited(500, ['train', '--resume', folder, '--json']));
    expect(message).toMatch(/EFBIG.*then go on with --resume .*limited-later: the run is saved up to step \d+/);
    expect(hashOf(await resume(folder))).toBe(expected);
  });
});

describe('a run folder', () => {
  it('that vanishes ends the run, which says so; where it went, it is whole', async () => {
    const folder = join(root, 'vanished');
    const message = messageOf(
      await train(
        folder,
        later(() => renameSync(folder, `${folder}-elsewhere`)),
      ),
    );
    expect(message).toContain(`the run folder ${folder} is gone`);
    expect(hashOf(await resume(`${folder}-elsewhere`))).toBe(expected);
  });

  it('that is in use refuses a second process, and names the first', async () => {
    const folder = join(root, 'used');
    let second: Promise<Outcome> | undefined;
    let pid: number | undefined;
    const first = await train(folder, (child) => {
      pid = child.pid;
      later(() => {
        second = resume(folder);
        // The first must not end before the second has looked.
        child.kill('SIGSTOP');
        second.finally(() => child.kill('SIGCONT'));
      })(child);
    });
    expect(messageOf(await second!)).toContain(`${folder} is in use by process ${pid} (started `);
    expect(hashOf(first)).toBe(expected);
  });

  it('that was left by a killed process goes to one of two that resume it at once', async () => {
    const folder = join(root, 'contested');
    await train(folder, (child) => later(() => child.kill('SIGKILL'))(child));
    expect(readdirSync(folder)).toContain('run.lock');
    const both = await Promise.all([resume(folder), resume(folder)]);
    const winners = both.filter(({ code }) => code === 0);
    // The slower may begin when the quicker has finished: then it measures the finished run again.
    expect(winners.length).toBeGreaterThan(0);
    for (const outcome of both) {
      if (outcome.code === 0) expect(hashOf(outcome)).toBe(expected);
      else expect(messageOf(outcome)).toContain('is in use by process');
    }
  });
});

/** Mounting takes rights: those of root, as in CI. */
describe.runIf(canMount())('a disk of its own', () => {
  const disk = join(root, 'disk');
  const run = join(disk, 'run');
  const mounted: string[] = [];
  const mount = (...args: string[]) => {
    execFileSync('mount', args);
    mounted.push(args.at(-1)!);
  };
  const unmount = () => execFileSync('umount', ['--lazy', mounted.pop()!]);
  const newDisk = () => {
    mkdirSync(disk, { recursive: true });
    mount('-t', 'tmpfs', '-o', 'size=12m', 'residua-test', disk);
  };

  afterEach(() => {
    while (mounted.length > 0) unmount();
  });

  it('that fills up ends the run, which keeps its last checkpoint and goes on when there is space', async () => {
    newDisk();
    const ballast = join(disk, 'ballast');
    const message = messageOf(
      await train(
        run,
        later(() => fill(ballast)),
      ),
    );
    expect(message).toMatch(
      /could not write .*: ENOSPC.* The disk is full: free some space, then go on with --resume /,
    );
    expect(message).toMatch(/the run is saved up to step \d+/);
    // Still full: it says so at once, and damages nothing.
    expect(messageOf(await resume(run))).toContain('ENOSPC');
    rmSync(ballast);
    expect(hashOf(await resume(run))).toBe(expected);
  });

  it('that becomes read-only ends the run, which goes on when it can be written again', async () => {
    newDisk();
    const readOnly = () => mount('--bind', '-o', 'ro', disk, disk);
    const message = messageOf(await train(run, later(readOnly)));
    expect(message).toMatch(/EROFS.* The file system is read-only: make it writable, then go on with --resume /);
    expect(messageOf(await resume(run))).toMatch(/could not write .*run.lock.*EROFS/);
    unmount();
    expect(hashOf(await resume(run))).toBe(expected);
  });

  it('that is taken away ends the run, which says so', async () => {
    newDisk();
    const message = messageOf(await train(run, later(unmount)));
    expect(message).toContain(`the run folder ${run} is gone`);
  });
});

function canMount(): boolean {
  const target = join(root, 'probe');
  mkdirSync(target);
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'residua-test', target], { stdio: 'ignore' });
    execFileSync('umount', [target]);
    return true;
  } catch {
    process.stderr.write('Full, read-only and vanishing disks are not tested: this user may not mount any.\n');
    return false;
  }
}

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const size of [1 << 20, 1 << 12]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' });
      }
    }
  } finally {
    closeSync(file);
  }
}
