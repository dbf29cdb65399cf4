// A training whose threads die, as its users meet it: exit code 1, one line that says what has died, of what, and how to go
// on; and a checkpoint from which the run comes to the weights of one in which nothing died.
//
// The program under test is the built one. A module that is loaded before it hands out worker threads that have the fault in
// them; each waits there for its turn, in the third of four epochs or so.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { linesOf, type Outcome, residua, temporaryFolder } from '../cli/run-cli.ts';

const root = temporaryFolder();
const settings = [
  ...['--model', 'resnet8', '--limit', '40', '--epochs', '4', '--batch-size', '4', '--log-every', '1'],
  ...['--checkpoint-seconds', '0', '--threads', '2', '--seed', '3'],
];

/** Calls `fault` when a thread calls a function of Atomics on this word of control memory for the n-th time. */
const at = (call: 'load' | 'add', word: number, n: number, fault: string) => `{
  const original = Atomics.${call};
  let calls = 0;
  Atomics.${call} = (words, index, ...rest) => {
    const value = original(words, index, ...rest);
    if (index === ${word} && ++calls === ${n}) { ${fault} }
    return value;
  };
}`;

/** What a helper reads to learn what to do, and what a loader adds a batch to. */
const moments = {
  'residua thread 1': (n: number, fault: string) => at('load', 0, n, fault),
  'residua-loader': (n: number, fault: string) => at('add', 2, n, fault),
};
type Thread = keyof typeof moments;

/** The environment in which threads of this name have a fault; without one they are ended after the first epoch. */
function faulty(thread: Thread, fault: string, n = 25): NodeJS.ProcessEnv {
  const [inThread, inProgram] = ['thread.mjs', 'program.mjs'].map((name) => join(root, name));
  const before = fault === '' ? '' : moments[thread](n, fault);
  writeFileSync(inThread, before);
  const limits = `execArgv: ['--import', '${inThread}'], resourceLimits: { maxOldGenerationSizeMb: 24 }`;
  writeFileSync(
    inProgram,
    `
    import { syncBuiltinESMExports } from 'node:module';
    import threads from 'node:worker_threads';
    const { Worker, isMainThread } = threads;
    threads.Worker = class extends Worker {
      constructor(source, options) {
        if (options.name !== '${thread}') return super(source, options);
        super(options.eval ? ${JSON.stringify(before)} + source : source, { ...options, ${limits} });
        const write = process.stdout.write.bind(process.stdout);
        process.stdout.write = (text, ...rest) => {
          if (${fault === ''} && text.includes('"event":"epoch"')) this.terminate();
          return write(text, ...rest);
        };
      }
    };
    if (isMainThread) syncBuiltinESMExports();`,
  );
  return { NODE_OPTIONS: `--import=${inProgram}` };
}

const train = (folder: string, env?: NodeJS.ProcessEnv, more: readonly string[] = []) =>
  residua(['train', ...settings, ...more, '--out', folder, '--json'], { env });

const hashOf = ({ code, stdout, stderr }: Outcome): string => {
  expect(code, stderr).toBe(0);
  return JSON.parse(linesOf(stdout).at(-1)!).weightsHash;
};

/** Error and hint, on the last line of stderr, the only one that is no progress; no stack trace. */
function messageOf({ code, stderr }: Outcome): string {
  expect(code, stderr).toBe(1);
  expect(stderr).not.toMatch(/^ +at /m);
  const lines = linesOf(stderr);
  expect(lines.filter((line) => /^error|died/.test(line))).toEqual(lines.slice(-1));
  return lines.at(-1)!;
}

let expected: string;
beforeAll(async () => {
  expected = hashOf(await train(join(root, 'whole')));
});

const report = 'If it happens again, please report it with what --debug prints.';
const heap = 'Give Node more memory, with NODE_OPTIONS=--max-old-space-size=8192 (megabytes) for example.';
const outOfMemory = 'Worker terminated due to reaching memory limit: JS heap out of memory';
const causes = [
  {
    of: 'of an error',
    fault: "throw new RangeError('made for this test');",
    told: 'made for this test',
    loader: report,
  },
  {
    of: 'for want of memory',
    fault: 'const hoard = []; for (;;) hoard.push(new Array(1e5).fill(0));',
    told: outOfMemory,
    loader: heap,
  },
  { of: 'because it was ended', fault: '', told: 'it ended with code 1', loader: report },
];

describe.each([
  { who: 'a thread of the cpu device', thread: 'residua thread 1' },
  { who: 'the thread that prepares images', thread: 'residua-loader' },
] as const)('$who that dies', ({ who, thread }) => {
  it.each(causes.map((cause) => [cause.of, cause] as const))(
    '%s ends the run, which goes on with --resume',
    async (of, cause) => {
      const { fault, told, loader } = cause;
      const folder = join(root, `${thread} ${of}`);
      const message = messageOf(await train(folder, faulty(thread, fault)));
      const [said, steps] = message.split(/ up to step (?=\d)/);
      expect(said).toBe(`error: ${who} has died: ${told}. Go on with --resume ${folder}: the run is saved`);
      expect(steps).toMatch(/^\d+\. /);
      expect(steps).toContain(thread === 'residua-loader' ? loader : 'If it happens again, use one thread.');
      expect(Number.parseInt(steps, 10)).toBeGreaterThan(0);
      expect(hashOf(await residua(['train', '--resume', folder, '--threads', '1', '--json']))).toBe(expected);
    },
  );

  it('before anything is saved leaves a run that begins again', async () => {
    const folder = join(root, `${thread} early`);
    const [{ fault, told }] = causes;
    const message = messageOf(await train(folder, faulty(thread, fault, 5), ['--checkpoint-seconds', '600']));
    expect(message).toContain(`error: ${who} has died: ${told}. Run again. If it happens again`);
  });
});
