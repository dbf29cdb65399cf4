// The command line with words that are nearly right: it ends with 0, 1 or 2, says on stderr what is wrong, and keeps its
// promise under --json. Most are run in this process, some as processes of their own.

import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCli } from '../../src/cli/cli.ts';
import { type Outcome, residua } from '../cli/run-cli.ts';
import { commandLines } from './command-lines.ts';
import { makeCorpus } from './corpus.ts';
import { effort, testTimeout } from './effort.ts';
import { expectReadable, withBoundedMemory } from './survive.ts';
import { watched } from './watchdog.ts';

const root = mkdtempSync(join(tmpdir(), 'residua-fuzz-'));
const [original, corpus, work] = ['original', 'corpus', 'work'].map((name) => join(root, name));
const home = process.cwd();
/** Milliseconds after which Ctrl-C is pressed: what computes for that long has understood its words. */
const LONG_ENOUGH = 1500;

const { XDG_CACHE_HOME } = process.env;

beforeAll(async () => {
  // Nothing is to be found in the cache, and nothing is to be left in it.
  process.env.XDG_CACHE_HOME = join(root, 'cache');
  mkdirSync(original);
  await makeCorpus(original);
  freshFolders();
});
afterAll(() => {
  if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
  process.chdir(home);
  rmSync(root, { recursive: true, force: true });
});

function freshFolders(): void {
  process.chdir(home);
  for (const folder of [corpus, work]) rmSync(folder, { recursive: true, force: true });
  cpSync(original, corpus, { recursive: true });
  mkdirSync(work);
  process.chdir(work);
}

/** In this process: what it writes is caught, and Ctrl-C is pressed where it takes long. */
async function runHere(words: readonly string[]): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const real = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = ((text: string | Uint8Array) => {
      written[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      return true;
    }) as typeof process.stdout.write;
  }
  const listeners = process.listeners('SIGINT');
  const timer = setInterval(() => {
    for (const listener of process.listeners('SIGINT')) if (!listeners.includes(listener)) listener('SIGINT');
  }, LONG_ENOUGH);
  process.exitCode = 0;
  try {
    await watched(() => createCli(words).run());
    return { code: Number(process.exitCode), signal: null, ...written };
  } finally {
    clearInterval(timer);
    process.exitCode = 0;
    Object.assign(process.stdout, { write: real.stdout });
    Object.assign(process.stderr, { write: real.stderr });
  }
}

function check(words: readonly string[], { code, stdout, stderr }: Outcome): void {
  const told = `${words.map((word) => JSON.stringify(word)).join(' ')}\n${stderr.slice(-3000)}`;
  expect([0, 1, 2, 130], told).toContain(code);
  expect(stderr, told).not.toContain('This is a defect');
  if (code === 1 || code === 2) expect(stderr, told).toMatch(/^error: ./m);
  if (!words.includes('--debug')) expectReadable(stderr, told);
  const first = words.find((word) => !word.startsWith('-'));
  if (words.includes('--json') && code === 0 && !isHelp(words) && first !== 'help') {
    for (const line of stdout.split('\n').slice(0, -1))
      expect(() => JSON.parse(line), `${told}\n${line}`).not.toThrow();
  }
}

const isHelp = (words: readonly string[]) => words.some((word) => /^(-[hV]|--help$|--version$)/.test(word));

/** Commands that measure the machine, or serve until they are ended, have tests of their own. */
const ends = (words: readonly string[]) =>
  !words.some((word) => word === 'bench' || word === 'studio' || word === 'compare');

describe('the command line', { timeout: testTimeout }, () => {
  it('takes any words, in this process', async () => {
    const property = fc.asyncProperty(commandLines.filter(ends), async (words) => {
      freshFolders();
      check(words, await runHere(words));
    });
    await withBoundedMemory(() => fc.assert(property, effort(800)));
  });

  it('takes any words, as a process of its own', async () => {
    const property = fc.asyncProperty(commandLines.filter(ends), async (words) => {
      freshFolders();
      // A process can't be given these.
      const given = words.map((word) => word.replaceAll('\0', ''));
      const timers: NodeJS.Timeout[] = [];
      const outcome = await watched(() =>
        residua(given, { onStart: (child) => timers.push(setTimeout(() => child.kill('SIGINT'), 2 * LONG_ENOUGH)) }),
      );
      for (const timer of timers) clearTimeout(timer);
      // Ctrl-C ends what is not listening for it, such as a long listing.
      if (outcome.signal !== 'SIGINT') check(given, outcome);
    });
    await fc.assert(property, effort(100));
  });

  it('takes wrong words for commands that are not run here', async () => {
    const long = fc.constantFrom('bench', 'studio', 'compare');
    const word = fc.oneof(fc.string({ minLength: 1, maxLength: 10 }), fc.constantFrom('1e9', '-1', 'NaN', '🙂'));
    const words = fc
      .tuple(long, fc.array(word, { maxLength: 5 }))
      .map(([name, rest]) => [name, ...rest, '--no-such-option']);
    const property = fc.asyncProperty(words, async (line) => {
      const outcome = await runHere(line);
      if (!isHelp(line)) check(line, outcome);
      expect(outcome.code === 2 || isHelp(line), line.join(' ')).toBe(true);
    });
    await fc.assert(property, effort(1000));
  });
});
