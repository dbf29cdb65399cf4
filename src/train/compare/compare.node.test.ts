// Whole comparisons of small networks on a few images: the folder, stopping, going on, diverging.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareNetworks } from './compare.node.ts';
import type { ComparedNetwork } from './comparison.ts';
import type { CompareSettings } from './settings.ts';

let parent: string;
let folder: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'residua-compare-'));
  folder = join(parent, 'compared');
});

afterEach(() => rm(parent, { recursive: true }));

const tiny: CompareSettings = {
  depths: [8],
  activations: ['relu'],
  batchNorm: 'with',
  limit: 32,
  epochs: 1,
  batchSize: 16,
  threads: 1,
  seed: 3,
};

/** Without what clocks say. */
const results = (networks: readonly ComparedNetwork[]) => networks.map(({ seconds: _, ...own }) => own);

describe('a comparison', () => {
  it('leaves a run a network, what they come to, and a report', async () => {
    const lines: string[] = [];
    const { status, networks, files, claims } = await compareNetworks(tiny, {
      folder,
      command: 'npx residua compare',
      reporter: {
        network: ({ id }) => void lines.push(id),
        compared: ({ done, secondsLeft }) => void lines.push(`${done?.id ?? 'begin'} ${secondsLeft > 0}`),
      },
    });
    expect(status).toBe('finished');
    expect(lines).toEqual([
      'begin true',
      'plainnet8-relu-bn',
      'plainnet8-relu-bn true',
      'resnet8-relu-bn',
      'resnet8-relu-bn false',
    ]);
    const ids = ['plainnet8-relu-bn', 'resnet8-relu-bn'];
    expect((await readdir(folder)).sort()).toEqual(['comparison.json', ids[0], 'report.html', ids[1]]);
    for (const { id, accuracy, loss, trainingLoss, curve, norms, parameters } of networks) {
      const result = JSON.parse(await readFile(join(folder, id, 'result.json'), 'utf8'));
      expect({ accuracy, loss }).toEqual({ accuracy: result.test.accuracy, loss: result.test.loss });
      const lines = (await readFile(join(folder, id, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
      const log = lines.map((line) => JSON.parse(line));
      expect(curve.map(({ loss }) => loss)).toEqual(log.map((point) => point.loss));
      expect(trainingLoss).toBeCloseTo(log.reduce((sum, point) => sum + point.loss, 0) / log.length, 10);
      expect([norms.first?.step, norms.last?.step]).toEqual([0, 2]);
      expect(norms.first?.layers).toHaveLength(8);
      expect(parameters).toBe(75_002);
      const config = JSON.parse(await readFile(join(folder, id, 'config.json'), 'utf8'));
      expect(config).toMatchObject({ seed: 3, limit: 32, optimizer: { name: 'adam' }, learningRate: 0.001 });
    }
    expect(claims).toHaveLength(6);
    const written = JSON.parse(await readFile(files.comparison, 'utf8'));
    expect(written.networks).toEqual(networks);
    expect(await readFile(files.report, 'utf8')).toContain('npx residua compare');
  });

  it('goes on where it was stopped, to the same results', async () => {
    const whole = await compareNetworks(tiny, { folder: join(parent, 'whole') });
    const controller = new AbortController();
    const stopped = await compareNetworks(tiny, {
      folder,
      signal: controller.signal,
      reporter: { step: () => controller.abort() },
    });
    expect(stopped.status).toBe('stopped');
    expect(stopped.networks.map(({ state }) => state)).toEqual(['waiting', 'waiting']);
    expect(await readdir(folder)).not.toContain('report.html');
    const begun: string[] = [];
    const reporter = { network: ({ id }: ComparedNetwork) => void begun.push(id) };
    const resumed = await compareNetworks({ ...tiny, threads: 2 }, { folder, reporter });
    expect(begun).toHaveLength(2);
    expect(results(resumed.networks)).toEqual(results(whole.networks));
    await compareNetworks(tiny, { folder, reporter });
    expect(begun).toHaveLength(2);
  });

  it('keeps a network that diverges as what it is, with the gradients of its beginning', async () => {
    const settings = { ...tiny, batchNorm: 'without', optimizer: 'sgd', lr: 1e30, schedule: 'constant' } as const;
    const { status, networks } = await compareNetworks(settings, { folder });
    expect(status).toBe('finished');
    for (const { state, problem, accuracy, norms } of networks) {
      expect(state).toBe('diverged');
      expect(problem).not.toBe('');
      expect(accuracy).toBeNull();
      expect(norms.first?.step).toBe(0);
    }
  });

  it.each<[string, CompareSettings, string]>([
    ['other settings', { ...tiny, seed: 4 }, 'has a comparison with other settings'],
    ['other depths', { ...tiny, depths: [8, 14] }, 'has a comparison with other settings'],
  ])('is not mixed with one of %s', async (_, other, message) => {
    const controller = new AbortController();
    controller.abort();
    await compareNetworks(tiny, { folder, signal: controller.signal });
    await expect(compareNetworks(other, { folder })).rejects.toThrow(message);
  });

  it.each<[CompareSettings, string]>([
    [{ ...tiny, depths: [10] }, 'there is no such network of 10 layers'],
    [{ ...tiny, dataset: 'nowhere' }, 'nowhere'],
  ])('is refused before anything is written: %o', async (settings, message) => {
    await expect(compareNetworks(settings, { folder })).rejects.toThrow(message);
    expect(await readdir(parent)).toEqual([]);
  });
});
