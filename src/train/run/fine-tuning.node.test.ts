// Runs that begin with the weights of a file.

import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { config, failure, folderOfTest, sharedRun } from '../../../test/tiny-runs.ts';
import { readSafetensors, writeSafetensors } from '../../formats/safetensors.ts';
import type { RunOverrides } from './config.ts';
import type { RunStart } from './reporter.ts';
import { resumeRun, trainRun } from './run.node.ts';

const place = folderOfTest();

describe('fine-tuning', () => {
  const first = sharedRun({ epochs: 1 });

  /** A run folder's weights, and what the run told at its start. */
  async function tune(weights: string, more: RunOverrides = {}) {
    let start: RunStart | undefined;
    const reporter = {
      start: (begun: RunStart) => {
        start = begun;
      },
    };
    const result = await trainRun(config({ epochs: 1, seed: 8, weights, ...more }), { folder: place.folder, reporter });
    return { result, start: start!, tensors: readSafetensors(await readFile(result.files.model), 'model').tensors };
  }

  it('begins with the weights of a file and leaves frozen stages as they are in it', async () => {
    const { files } = first.result;
    const { tensors: before } = readSafetensors(await readFile(files.model), 'first');
    const { start, tensors } = await tune(files.model, { freeze: ['stem', 'layer1'] });
    expect(start.head).toEqual({ name: 'fc', replaced: null });
    expect(start.stages.filter(({ trainable }) => trainable === 0).map(({ name }) => name)).toEqual(['stem', 'layer1']);
    const same = [...tensors.keys()].filter((name) => `${tensors.get(name)!.data}` === `${before.get(name)!.data}`);
    expect(same).toEqual([...tensors.keys()].filter((name) => /^(conv|bn|layer1)\./.test(name)));
  });

  it('gives a model for other classes a new head, and needs the file no more once it has begun', async () => {
    const { files } = first.result;
    const { tensors } = readSafetensors(await readFile(files.model), 'first');
    const others = new Map(tensors)
      .set('fc.weight', { dtype: 'F32', shape: [3, 4], data: new Float32Array(12) })
      .set('fc.bias', { dtype: 'F32', shape: [3], data: new Float32Array(3) });
    const weights = join(place.parent, 'three.safetensors');
    await writeFile(weights, writeSafetensors(others));
    const { start, result } = await tune(weights);
    expect(start.head).toEqual({ name: 'fc', replaced: 3 });
    await rm(weights);
    expect((await resumeRun(place.folder)).weightsHash).toBe(result.weightsHash);
  });

  it('refuses a file that is not there, or of another model, and makes no folder then', async () => {
    const { files } = await trainRun(config({ epochs: 1, modelOptions: { layers: [1, 1, 1], widths: [2, 3, 4] } }), {
      folder: join(place.parent, 'first'),
    });
    expect((await failure(tune(join(place.parent, 'nothing.pth')))).message).toContain('there is no ');
    const { message } = await failure(tune(files.model));
    expect(message).toContain(`${files.model}: the weights don't fit the model`);
    expect(message).toContain('layer2.0.conv1.weight: [3, 2, 3, 3] where the model has [2, 2, 3, 3]');
    expect(await readdir(place.parent)).toEqual(['first']);
  });
});
