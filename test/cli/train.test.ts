// train and evaluate from outside: what they print where, how they end, what they leave behind.

import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { linesOf, type Outcome, residua, temporaryFolder } from './run-cli.ts';

const root = temporaryFolder();
const tiny = ['--limit', '40', '--batch-size', '4', '--epochs', '2', '--log-every', '4', '--threads', '2'];
const share = z.number().min(0).max(1);

const evaluation = z.object({
  accuracy: share,
  top5: share,
  loss: z.number().positive(),
  perClass: z.array(z.object({ name: z.string(), images: z.int(), accuracy: share, precision: share, recall: share })),
  confusion: z.array(z.array(z.int()).length(10)).length(10),
  ece: share,
  calibration: z
    .array(z.object({ from: share, to: share, images: z.int(), confidence: share, accuracy: share }))
    .length(15),
  mistakes: z
    .array(z.object({ index: z.int(), truth: z.array(z.string()), probability: share }))
    .min(1)
    .max(24),
  images: z.literal(40),
  seconds: z.number().positive(),
});
const place = { epoch: z.int(), step: z.int(), loss: z.number(), imagesPerSecond: z.number() };
const event = z.discriminatedUnion('event', [
  z.object({ event: z.literal('start'), folder: z.string(), parameters: z.literal(195_450), steps: z.literal(20) }),
  z.object({ event: z.literal('log'), learningRate: z.number(), ...place }),
  z.object({ event: z.literal('epoch'), accuracy: share, ...place }),
  z.object({
    event: z.literal('result'),
    status: z.enum(['finished', 'stopped']),
    accuracy: share.nullable(),
    test: evaluation.nullable(),
    weightsHash: z.string().regex(/^[0-9a-f]{64}$/),
    files: z.record(z.string(), z.string()),
  }),
]);

const eventsOf = ({ stdout }: Outcome) => linesOf(stdout).map((line) => event.parse(JSON.parse(line)));
const resultOf = (outcome: Outcome) => {
  const last = eventsOf(outcome).at(-1);
  if (last?.event !== 'result') throw new Error(`no result in ${outcome.stdout}\n${outcome.stderr}`);
  return last;
};

/** Sends a signal when the first log point is out. */
const interrupt = (signal: NodeJS.Signals) => (child: ChildProcess) => {
  let sent = false;
  child.stdout?.on('data', (text: string) => {
    if (!sent && text.includes('"event":"log"')) sent = child.kill(signal);
  });
};

describe('a run', () => {
  const folder = join(root, 'run');
  let outcome: Outcome;

  beforeAll(async () => {
    outcome = await residua(['train', ...tiny, '--out', folder, '--json']);
  });

  it('prints a line of JSON an event on stdout', () => {
    expect(outcome.code).toBe(0);
    const events = eventsOf(outcome).map((line) => line.event);
    expect(events).toEqual(['start', 'log', 'log', 'log', 'epoch', 'log', 'log', 'log', 'epoch', 'result']);
  });

  it('ends with the test accuracy', () => {
    const { status, accuracy, test } = resultOf(outcome);
    expect(status).toBe('finished');
    expect(accuracy).toBe(test?.accuracy);
  });

  it("prints the article's line on stderr, plain where it is no terminal", () => {
    expect(linesOf(outcome.stderr).filter((line) => line.startsWith('Epoch['))).toEqual([
      expect.stringMatching(/^Epoch\[1\/2\], Step\[4\/10\] Loss: \d\.\d{4}$/),
      expect.stringMatching(/^Epoch\[1\/2\], Step\[8\/10\] Loss: /),
      expect.stringMatching(/^Epoch\[1\/2\], Step\[10\/10\] Loss: /),
      expect.stringMatching(/^Epoch\[2\/2\], Step\[4\/10\] Loss: /),
      expect.stringMatching(/^Epoch\[2\/2\], Step\[8\/10\] Loss: /),
      expect.stringMatching(/^Epoch\[2\/2\], Step\[10\/10\] Loss: /),
    ]);
    expect(outcome.stderr).not.toContain('\x1b');
    expect(outcome.stderr).not.toContain('\r');
  });

  it('leaves a run folder', () => {
    for (const path of Object.values(resultOf(outcome).files)) expect(existsSync(path), path).toBe(true);
    const names = ['config.json', 'metrics.jsonl', 'checkpoint.safetensors', 'model.safetensors', 'loss.svg'];
    for (const name of names) expect(existsSync(join(folder, name)), name).toBe(true);
    const metrics = linesOf(readFileSync(join(folder, 'metrics.jsonl'), 'utf8')).map((line) => JSON.parse(line));
    expect(metrics.map(({ step }) => step)).toEqual([4, 8, 10, 14, 18, 20]);
  });

  it('is evaluated to the same result', async () => {
    const { code, stdout } = await residua(['evaluate', folder, '--limit', '40', '--json']);
    expect(code).toBe(0);
    const found = evaluation.parse(JSON.parse(stdout));
    const { seconds: _, ...expected } = resultOf(outcome).test!;
    expect(found).toMatchObject(expected);
    expect(found.confusion.flat().reduce((sum, images) => sum + images)).toBe(40);
  });

  it('is evaluated for people: every class and the confusions on stdout', async () => {
    const { code, stdout, stderr } = await residua(['evaluate', join(folder, 'model.safetensors'), '--limit', '40']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^accuracy +\d+\.\d\d % \(\d+ of 40 images\)$/m);
    expect(stdout).toMatch(/^class +images +precision +recall +f1$/m);
    expect(stdout).toContain('what it is taken for');
  });

  it('does not write over another', async () => {
    const { code, stderr } = await residua(['train', ...tiny, '--out', folder]);
    expect(code).toBe(2);
    expect(stderr).toContain('is not empty');
  });

  it('ends for people with accuracy, hardest classes, loss curve, files and what to type next', async () => {
    const { code, stdout } = await residua(['train', ...tiny, '--out', join(root, 'read')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Test accuracy \d+\.\d\d % \(\d+ of 40 images\), loss /m);
    expect(stdout).toMatch(/^Hardest classes\n +\S+ +\d+\.\d\d % right +\d+ of \d+ taken for /m);
    expect(stdout).toContain('Training loss');
    expect(stdout).toMatch(/step 4 +step 20/);
    expect(stdout).toContain(join(root, 'read'));
    expect(stdout).toMatch(/^Next\n.* evaluate /m);
  });
});

describe('a run that is interrupted', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s saves, says how to go on, and does so to the same weights', async (signal, exitCode) => {
    const folder = join(root, signal);
    const args = ['train', ...tiny, '--log-every', '1', '--json'];
    const stopped = await residua([...args, '--out', folder], { onStart: interrupt(signal) });
    expect(stopped.code).toBe(exitCode);
    expect(stopped.stderr).toContain('Stopping after this step');
    expect(resultOf(stopped)).toMatchObject({ status: 'stopped', accuracy: null });
    expect(stopped.stderr).toContain(`train --resume ${folder}`);

    const resumed = await residua(['train', '--resume', folder, '--json']);
    expect(resumed.code).toBe(0);
    const straight = await residua([...args, '--out', `${folder}-straight`]);
    expect(resultOf(resumed).weightsHash).toBe(resultOf(straight).weightsHash);
  });

  it('by a reader that goes away saves, too', async () => {
    const folder = join(root, 'pipe');
    const onStart = (child: ChildProcess) => {
      child.stdout?.once('data', () => child.stdout?.destroy());
    };
    const { code, stderr } = await residua(['train', ...tiny, '--log-every', '1', '--out', folder, '--json'], {
      onStart,
    });
    expect(code).toBe(141);
    expect(stderr).toContain(`train --resume ${folder}`);
    expect(existsSync(join(folder, 'checkpoint.safetensors'))).toBe(true);
  });
});

describe('several seeds', () => {
  it('end with the mean and the standard deviation of their test accuracies', async () => {
    const folder = join(root, 'seeds');
    const { code, stdout } = await residua([
      ...['train', '--limit', '20', '--epochs', '1', '--threads', '1', '--json'],
      ...['--seeds', '2', '--seed', '5', '--out', folder],
    ]);
    expect(code).toBe(0);
    const events = linesOf(stdout).map((line) => JSON.parse(line));
    const results = events.filter(({ event }) => event === 'result');
    expect(results.map(({ seed }) => seed)).toEqual([5, 6]);
    const [a, b] = results.map(({ accuracy }) => accuracy as number);
    const seeds = events.at(-1);
    expect(seeds).toMatchObject({ event: 'seeds', status: 'finished', seeds: [5, 6] });
    expect(seeds.accuracy.mean).toBeCloseTo((a + b) / 2, 12);
    expect(seeds.accuracy.std).toBeCloseTo(Math.abs(a - b) / Math.SQRT2, 12);
    expect(existsSync(join(folder, 'seed-6', 'model.safetensors'))).toBe(true);
  });
});

describe('training options', () => {
  const small = ['--limit', '24', '--batch-size', '4', '--epochs', '1', '--threads', '1'];

  it('are told at the start, and the norm of clipped gradients at every log point', async () => {
    const options = [
      '--accumulate',
      '2',
      '--clip-grad-norm',
      '1',
      '--ema',
      '0.9',
      '--validation',
      '8',
      '--patience',
      '2',
    ];
    const out = join(root, 'options');
    const { code, stdout, stderr } = await residua(['train', ...small, ...options, '--out', out, '--json']);
    expect(code).toBe(0);
    expect(stderr).toContain('1 epoch of 2 steps of 2 x 4 images');
    expect(stderr).toMatch(
      /gradient norm at most 1, weights averaged with decay 0.9 after a warm-up, patience of 2 epochs/,
    );
    expect(stderr).toMatch(/^Epoch\[1\/1\], Step\[2\/2\] Loss: \d\.\d{4}, gradient norm \d/m);
    const events = linesOf(stdout).map((line) => JSON.parse(line));
    expect(events.find(({ event }) => event === 'log').gradientNorm).toBeGreaterThan(0);
    expect(events.at(-1).best).toMatchObject({ epoch: 1 });
    const config = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    expect(config).toMatchObject({ accumulate: 2, clipGradNorm: 1, ema: { decay: 0.9, warmUp: true }, patience: 2 });
  });

  it('say what is taken over, frozen and trained', async () => {
    const first = join(root, 'first');
    await residua(['train', ...small, '--model', 'article-plainnet', '--out', first]);
    const weights = join(first, 'model.safetensors');
    const args = ['train', ...small, '--weights', weights, '--freeze', 'stem,layer1', '--out', join(root, 'tuned')];
    const { code, stderr } = await residua(args);
    expect(code).toBe(0);
    // The network is the file's, since no other is named.
    expect(stderr).toMatch(/^article-plainnet on mnist: /m);
    expect(stderr).toContain(`Weights of ${weights}, its last layer (fc) too`);
    expect(stderr).toContain('Frozen: stem (176 parameters), layer1 (9,344 parameters)');
    expect(stderr).toMatch(/^Trained: layer2 .*, layer3 .*, fc \(650 parameters\)$/m);
  });
});
