// A training that is killed with SIGKILL at 50 random moments: while it starts, in steps, while checkpoints are written and
// replaced, while it validates, tests and writes its report. Resumed as often as it takes, it must come to the weights, the
// log and the test of a run that nobody killed.
//
// All that a run remembers is switched on, and a checkpoint is written at every step, so that a good part of the moments
// falls into one. Moments are drawn from a fixed seed, but where exactly they fall is up to the machine.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/tensor/random.ts';
import { linesOf, residua, temporaryFolder } from '../cli/run-cli.ts';

const KILLS = 50;
const root = temporaryFolder();
const settings = [
  ...['--model', 'resnet8', '--limit', '28', '--validation', '8', '--epochs', '3'],
  ...['--batch-size', '4', '--accumulate', '2'],
  ...['--clip-grad-norm', '1', '--ema', '0.9', '--patience', '3', '--dropout', '0.1', '--mixup', '0.2'],
  ...['--log-every', '1', '--checkpoint-seconds', '0', '--threads', '1', '--seed', '3'],
];
/** 20 images to train on, in steps of 8. */
const STEPS = 9;

/** Everything that a run comes to, without what clocks say. */
function outcomeOf(folder: string) {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const { seconds: _, trainSeconds: _t, imagesPerSecond: _s, ...result } = JSON.parse(read('result.json'));
  const { seconds: _e, ...test } = result.test;
  const metrics = linesOf(read('metrics.jsonl')).map((line) => {
    const { imagesPerSecond: _, ...point } = JSON.parse(line);
    return point;
  });
  return { ...result, test, metrics };
}

/** Goes on with the run, or begins it, and kills it: so many log lines after its start, and then so many milliseconds. */
async function attempt(folder: string, lines: number, milliseconds: number) {
  const begun = existsSync(join(folder, 'config.json'));
  const args = begun ? ['--resume', folder] : [...settings, '--out', folder];
  return residua(['train', ...args, '--json'], {
    onStart: (child) => {
      let seen = -1; // the first line says that it starts
      const kill = () => setTimeout(() => child.kill('SIGKILL'), milliseconds);
      if (lines < 0) kill();
      child.stdout?.on('data', (text: string) => {
        const before = seen;
        seen += linesOf(text).length;
        if (lines >= 0 && before < lines && seen >= lines) kill();
      });
    },
  });
}

describe('a run that is killed', () => {
  let expected: ReturnType<typeof outcomeOf>;

  beforeAll(async () => {
    const folder = join(root, 'whole');
    const { code, stderr } = await residua(['train', ...settings, '--out', folder, '--json']);
    expect(code, stderr).toBe(0);
    expected = outcomeOf(folder);
    expect(expected.metrics).toHaveLength(STEPS);
  });

  it(`at ${KILLS} random moments comes to what it comes to without`, { timeout: 600_000 }, async () => {
    const random = randomStream({ seed: 20, purpose: 'augment' });
    let kills = 0;
    let runs = 0;
    const killAndResume = async () => {
      const run = runs++;
      const folder = join(root, `run-${run}`);
      const moments: string[] = [];
      for (let finished = false; !finished; ) {
        // One in six while it starts; the others at any line up to the end, where the test and the report are.
        const early = random.integer(6) === 0;
        const lines = early ? -1 : random.integer(STEPS);
        const milliseconds = early ? random.integer(700) : random.integer(lines > STEPS / 2 ? 300 : 40);
        const spared = kills >= KILLS || moments.length >= 8;
        const outcome = await attempt(folder, spared ? Number.MAX_SAFE_INTEGER : lines, milliseconds);
        const { code, signal, stderr } = outcome;
        moments.push(early ? `${milliseconds} ms` : `${lines} lines and ${milliseconds} ms`);
        const where = `run ${run}, after ${moments.join(', ')}: ${stderr}`;
        // Every file is whole at any moment: a kill damages none.
        expect(stderr, where).not.toMatch(/damaged|cut short|lost/);
        if (signal === 'SIGKILL') kills++;
        else expect(code, where).toBe(0);
        finished = signal === null;
      }
      expect(outcomeOf(folder), `run ${run}, killed after ${moments.join(', ')}`).toEqual(expected);
    };
    // Two at a time, one a core.
    const worker = async () => {
      while (kills < KILLS) await killAndResume();
    };
    await Promise.all([worker(), worker()]);
  });
});
