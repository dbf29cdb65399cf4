// Runs that differ by their seed alone, as one.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { config, folderOfTest } from '../../../test/tiny-runs.ts';
import { trainRun } from './run.node.ts';
import { resumeSeeds, trainSeeds } from './seeds.node.ts';

const place = folderOfTest();

describe('several seeds', () => {
  it('are runs of their own; mean and deviation come to the same when they are stopped and resumed', async () => {
    const whole = await trainSeeds(config({ epochs: 1 }), 3, { folder: place.folder });
    expect(whole).toMatchObject({ status: 'finished', seeds: [7, 8, 9] });
    const single = await trainRun(config({ epochs: 1, seed: 8 }), { folder: join(place.parent, 'single') });
    expect(whole.runs[1]).toMatchObject({ seed: 8, loss: single.test!.loss, weightsHash: single.weightsHash });
    const losses = whole.runs.map(({ loss }) => loss);
    const mean = (losses[0] + losses[1] + losses[2]) / 3;
    const variance = losses.reduce((sum, loss) => sum + (loss - mean) ** 2 / 2, 0);
    expect(whole.loss!.mean).toBeCloseTo(mean, 12);
    expect(whole.loss!.std).toBeCloseTo(Math.sqrt(variance), 12);
    expect((await readdir(place.folder)).sort()).toEqual(['config.json', 'seed-7', 'seed-8', 'seed-9', 'seeds.json']);

    const controller = new AbortController();
    const seen: number[] = [];
    const stopped = await trainSeeds(config({ epochs: 1 }), 3, {
      folder: join(place.parent, 'stopped'),
      signal: controller.signal,
      onRun: ({ seed }) => void seen.push(seed),
      reporter: { step: () => seen.length === 1 && controller.abort() },
    });
    expect(stopped).toMatchObject({
      status: 'stopped',
      accuracy: null,
      runs: [whole.runs[0]].map(({ loss }) => ({ loss })),
    });
    const resumed = await resumeSeeds(stopped.folder);
    expect(resumed.runs.map(({ weightsHash }) => weightsHash)).toEqual(
      whole.runs.map(({ weightsHash }) => weightsHash),
    );
    expect([resumed.accuracy, resumed.loss]).toEqual([whole.accuracy, whole.loss]);
  });

  it('are at least two, and make no folder when a run of them could not begin', async () => {
    await expect(trainSeeds(config(), 1, { folder: place.folder })).rejects.toThrow('>= 2, found 1');
    await expect(trainSeeds(config({ validationImages: 24 }), 2, { folder: place.folder })).rejects.toThrow(
      'cannot be held out',
    );
    expect(await readdir(place.parent)).toEqual([]);
  });
});
