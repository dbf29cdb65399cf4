// `residua bench` from outside: its contract, and how it deals with peers. The peer here is a program of Node that speaks
// the peers' protocol in the place of a Python with PyTorch: it keeps a diary and computes whatever it is told to.

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { residua, temporaryFolder } from './run-cli.ts';

const small = ['--size', '8', '--batch-size', '4', '--threads', '1', '--warmup', '1', '--turns', '3', '--steps', '6'];
const folder = temporaryFolder();

/** @param check what it says its first steps gave, as JavaScript */
function fakePython(
  name: string,
  check: string,
  steps = 'say({ seconds: Array(order.count).fill(0.5), cpuSeconds: 0, rss: 1000 })',
): string {
  const file = join(folder, name);
  const diary = `${file}.diary`;
  writeFileSync(
    file,
    `#!${process.execPath}
const { appendFileSync } = require('node:fs');
if (process.argv[2] === '-c') process.exit(0);
const say = (answer) => console.log(JSON.stringify(answer));
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line);
  appendFileSync(${JSON.stringify(diary)}, line + '\\n');
  if (order.do === 'prepare') say({ name: 'Fake 1.0', variant: 'wooden', check: ${check}, cpuSeconds: 0, rss: { before: 1, after: 2 } });
  else ${steps};
});
`,
  );
  chmodSync(file, 0o755);
  return file;
}

async function bench(...args: string[]) {
  const { code, stdout, stderr } = await residua(['bench', '--json', ...small, ...args]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

describe('residua bench', () => {
  it('says how fast training and inference are, where the time goes and what memory it takes', async () => {
    const { model, machine, measurements, absent } = await bench('--profile', '--memory-steps', '40');
    expect(model).toMatchObject({ name: 'article-resnet', imageShape: [1, 8, 8], parameters: 195_450 });
    expect(machine).toMatchObject({ node: process.versions.node });
    expect(absent).toEqual([]);
    const old = Number(process.versions.node.split('.')[0]) < 24;
    expect(measurements.map(({ mode }: { mode: string }) => mode)).toEqual(['train', 'infer']);
    for (const { batchSize, contestants, ratios, disturbance, profile, memory } of measurements) {
      expect(disturbance).toBeGreaterThanOrEqual(0);
      expect(disturbance).toBeLessThanOrEqual(1);
      expect(batchSize).toBe(4);
      expect(ratios).toEqual([]);
      const [{ imagesPerSecond, secondsAStep, turns, workspaceBytes, compileSeconds, ...own }] = contestants;
      expect(own).toMatchObject({ contestant: 'residua', threads: 1, difference: null });
      expect(old ? [128] : [128, 256]).toContain(own.vectorBits);
      expect(imagesPerSecond.runs).toBe(6);
      expect(turns.length).toBe(3);
      expect(imagesPerSecond.min).toBeLessThanOrEqual(imagesPerSecond.median);
      expect(imagesPerSecond.max).toBeCloseTo(4 / secondsAStep.min);
      expect(workspaceBytes).toBeGreaterThan(0);
      expect(compileSeconds).toBeGreaterThan(0);
      expect(profile.some(({ name }: { name: string }) => name.startsWith('conv2d'))).toBe(true);
      expect(memory).toMatchObject({ steps: 40, threads: 1 });
      expect(memory.samples.at(-1).step).toBe(40);
    }
  });

  it('measures each batch size and number of threads', async () => {
    const { measurements } = await bench('--infer', '--batch-size', '1,3', '--threads', '1,2');
    const found = measurements.map(({ batchSize, contestants }: { batchSize: number; contestants: object[] }) => {
      return [batchSize, contestants.map((contestant) => (contestant as { threads: number }).threads)];
    });
    expect(found).toEqual([
      [1, [1, 2]],
      [3, [1, 2]],
    ]);
  });

  it('takes turns with a peer, and gives the ratio of medians', async () => {
    const python = fakePython('slow', '[0, 0, 0]');
    const { measurements } = await bench('--train', '--peers', '--python', python);
    const [{ contestants, ratios }] = measurements;
    const [own, peer] = contestants;
    expect(peer).toMatchObject({ contestant: 'pytorch', name: 'Fake 1.0', variant: 'wooden', turns: [8, 8, 8] });
    expect(peer.imagesPerSecond).toEqual({ median: 8, min: 8, max: 8, runs: 6 });
    expect(ratios).toHaveLength(1);
    expect(ratios[0]).toMatchObject({ peer: 'pytorch', threads: 1, turns: 3 });
    expect(ratios[0].ratio).toBeCloseTo(own.imagesPerSecond.median / 8);
    const diary = readFileSync(`${python}.diary`, 'utf8').trim().split('\n');
    const orders = diary.map((line) => JSON.parse(line));
    expect(orders.map((order) => order.do)).toEqual(['prepare', 'steps', 'steps', 'steps']);
    expect(orders[1].count).toBe(2);
  });

  it('runs the network in onnxruntime, with no Python anywhere, and finds the same logits', async () => {
    const python = join(folder, 'none');
    const { measurements, absent } = await bench('--infer', '--peers', '--python', python, '--batch-size', '1,3');
    expect(absent.map(({ peer }: { peer: string }) => peer)).toEqual(['pytorch']);
    for (const { contestants } of measurements) {
      const [, peer] = contestants;
      expect(peer).toMatchObject({ contestant: 'onnxruntime', name: expect.stringContaining('onnxruntime-node 1.') });
      expect(peer.difference).toBeLessThan(1e-5);
    }
  });

  // Of the same weights and the first batch, taken three times, by PyTorch 1.13 in float64.
  const losses = '[2.05915214, 1.01889363, 0.5361929]';

  it('trains as PyTorch does: the losses of its first steps are the same', async () => {
    const python = fakePython('right', losses);
    const { measurements } = await bench('--train', '--peers', '--python', python);
    const [{ contestants }] = measurements;
    expect(contestants[1].difference).toBeLessThan(5e-5);
  });

  // The same with a learning rate of 0.0011 instead of 0.001, and by float64 too.
  it('says so when a peer computed something else, if only a little', async () => {
    const python = fakePython('wrong', '[2.05915214, 1.00924575, 0.50899827]');
    const args = ['bench', ...small, '--train', '--peers', '--python', python];
    const { stdout, code } = await residua(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Fake 1\.0 computed something else/);
  });

  it('goes on without a peer that fails or is not there', async () => {
    const python = fakePython('broken', 'nothing');
    const failing = await bench('--train', '--peers', '--python', python);
    expect(failing.measurements[0].contestants).toHaveLength(1);
    expect(failing.absent).toEqual([{ peer: 'pytorch', reason: expect.stringContaining('nothing is not defined') }]);
    const missing = await bench('--train', '--peers', '--python', join(folder, 'none'));
    expect(missing.measurements[0].contestants).toHaveLength(1);
    expect(missing.absent).toEqual([{ peer: 'pytorch', reason: expect.stringContaining('no PyTorch in') }]);
  });

  it('goes on without a peer that ends in the middle of its turns', async () => {
    const python = fakePython('dying', '[0, 0, 0]', 'process.exit(3)');
    const { measurements, absent } = await bench('--train', '--peers', '--python', python);
    expect(measurements[0].contestants).toHaveLength(1);
    expect(measurements[0].ratios).toEqual([]);
    expect(absent).toEqual([{ peer: 'pytorch', reason: expect.stringContaining('ended without an answer') }]);
  });

  it.each([
    ['--batch-size', '0'],
    ['--threads', '1,x'],
    ['--model', 'resnet-1'],
  ])('refuses %s %s', async (...args) => {
    const { code, stdout, stderr } = await residua(['bench', ...args]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(args[0]);
  });

  it('ends its processes when it is stopped', async () => {
    const python = fakePython('sleepy', '[0, 0, 0]', 'setTimeout(() => {}, 1e6)');
    const args = ['bench', ...small, '--train', '--peers', '--python', python];
    const onStart = (child: { kill(signal: NodeJS.Signals): boolean }) => {
      const poll = setInterval(() => {
        try {
          if (!readFileSync(`${python}.diary`, 'utf8').includes('"steps"')) return;
        } catch {
          return; // It has not begun.
        }
        clearInterval(poll);
        child.kill('SIGTERM');
      }, 50);
    };
    const { code, stdout } = await residua(args, { onStart });
    expect(code).toBe(143);
    expect(stdout).toBe('');
  });
});
