// Whole runs, what they leave in their folder and what they refuse. Resumed ones: resume.node.test.ts.

import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { config, failure, folderOfTest, sharedRun, tiny } from '../../../test/tiny-runs.ts';
import { UsageError } from '../../errors.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { NormsPoint } from '../progress.ts';
import { evaluateRun } from './evaluate-run.node.ts';
import { loadRun } from './load-run.node.ts';
import type { RunStart } from './reporter.ts';
import { resumeRun, trainRun } from './run.node.ts';
import { createRunFolder } from './run-folder.node.ts';

const place = folderOfTest();
const finished = sharedRun({ epochs: 1 });

describe('a run', () => {
  it('leaves a folder that says everything about it', async () => {
    const events: string[] = [];
    let start: RunStart | undefined;
    const result = await trainRun(config({ validationImages: 8 }), {
      folder: place.folder,
      reporter: {
        start: (begun) => {
          start = begun;
        },
        step: ({ step }) => void events.push(`step ${step}`),
        log: ({ step }) => void events.push(`log ${step}`),
        epoch: ({ epoch }) => void events.push(`epoch ${epoch}`),
        evaluate: ({ set, images, of }) => void events.push(`${set} ${images} of ${of}`),
      },
    });

    expect(start).toMatchObject({ trainImages: 16, validationImages: 8, testImages: 24, steps: 4, startStep: 0 });
    expect(events).toEqual([
      'step 1',
      'step 2',
      'validation 8 of 8',
      'log 2',
      'epoch 1',
      'step 3',
      'step 4',
      'validation 8 of 8',
      'log 4',
      'epoch 2',
      'test 24 of 24',
    ]);
    expect((await readdir(place.folder)).sort()).toEqual([
      'checkpoint.previous.safetensors',
      'checkpoint.safetensors',
      'config.json',
      'loss.svg',
      'metrics.jsonl',
      'model.safetensors',
      'preflight.json',
      'report.html',
      'result.json',
    ]);
    expect(JSON.parse(await readFile(result.files.config, 'utf8'))).toEqual(config({ validationImages: 8 }));
    const lines = (await readFile(result.files.metrics, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => Object.keys(JSON.parse(line)).sort())).toEqual(
      Array.from({ length: 2 }, () => [
        'accuracy',
        'batch',
        'batches',
        'epoch',
        'epochs',
        'imagesPerSecond',
        'loss',
        'lr',
        'norms',
        'step',
        'validation',
      ]),
    );
    const measured = lines.map((line) => JSON.parse(line).norms.map(({ step }: NormsPoint) => step));
    expect(measured).toEqual([[0], [4]]);
    const { status, test, weightsHash } = JSON.parse(await readFile(result.files.result, 'utf8'));
    expect({ status, test, weightsHash }).toEqual({
      status: 'finished',
      test: result.test,
      weightsHash: result.weightsHash,
    });
    // The hash, by its definition, from the file: PyTorch's names in order, each followed by its values.
    const { tensors } = readSafetensors(await readFile(result.files.model), 'model');
    const hash = createHash('sha256');
    for (const name of [...tensors.keys()].sort()) {
      const { data } = tensors.get(name)!;
      hash.update(name).update(data instanceof BigInt64Array ? Int32Array.from(data, Number) : data);
    }
    expect(hash.digest('hex')).toBe(result.weightsHash);
  });

  it('gives the same weights for the same seed, and others for another', async () => {
    const run = async (name: string, seed: number) =>
      (await trainRun(config({ seed, epochs: 1 }), { folder: join(place.parent, name) })).weightsHash;
    const { weightsHash } = finished.result;
    expect(await run('same', tiny.seed!)).toBe(weightsHash);
    expect(await run('other', 2)).not.toBe(weightsHash);
  });

  it('comes to the same weights whether its layers are measured or not', async () => {
    const dropout = { modelOptions: { ...tiny.modelOptions, dropout: 0.3 } };
    const runs = [true, false].map((layerStats) => config({ ...dropout, layerStats }));
    const [seen, unseen] = [
      await trainRun(runs[0], { folder: join(place.parent, 'a') }),
      await trainRun(runs[1], { folder: join(place.parent, 'b') }),
    ];
    expect(seen.weightsHash).toBe(unseen.weightsHash);
    expect(unseen.log.some(({ norms }) => norms)).toBe(false);
  });

  it('is evaluated from its folder, or from its weights alone, as it was at its end', async () => {
    const { test, files, folder } = finished.result;
    const measured = { ...test, seconds: expect.any(Number) };
    const options = { device: 'cpu', limit: 24 } as const;
    expect(await evaluateRun(folder, options)).toEqual(measured);
    const copy = join(place.parent, 'elsewhere.safetensors');
    await cp(files.model, copy);
    expect((await evaluateRun(copy, { ...options, batchSize: 7 })).loss).toBeCloseTo(test!.loss, 6);
  });

  it('that was finished already is measured again when it is resumed', async () => {
    const { weightsHash, folder } = await finished.copyTo(place.folder);
    const again = await resumeRun(folder);
    expect(again).toMatchObject({ status: 'finished', images: 24, weightsHash });
  });

  it('warns when the images of the test have another size, as in the article', async () => {
    const transforms = config({ recipe: 'article' }).transforms;
    const forgotten = { train: transforms.train, test: [{ name: 'ToTensor' }] };
    const warnings: string[] = [];
    await trainRun(config({ epochs: 1, transforms: forgotten }), {
      folder: place.folder,
      reporter: { preflight: ({ check, message }) => void (check === 'image-size' && warnings.push(message)) },
    });
    expect(warnings).toEqual([expect.stringContaining('32x32 in training, but 28x28 in the test')]);
  });
});

describe('a run refuses', () => {
  it('a folder with something in it, and leaves that alone', async () => {
    await mkdir(place.folder);
    await writeFile(join(place.folder, 'notes.txt'), 'mine');
    const error = await failure(trainRun(config(), { folder: place.folder }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('is not empty (it has notes.txt)');
    expect(await readdir(place.folder)).toEqual(['notes.txt']);
  });

  it('to hold out more images than there are, and makes no folder then', async () => {
    const error = await failure(trainRun(config({ validationImages: 24 }), { folder: place.folder }));
    expect(error.message).toContain('has 24 images: 24 cannot be held out');
    expect(await readdir(place.parent)).toEqual([]);
  });

  it('a place that cannot be written', async () => {
    await writeFile(join(place.parent, 'file'), '');
    const error = await failure(trainRun(config(), { folder: join(place.parent, 'file', 'run') }));
    expect(error.message).toMatch(/could not write .*file.*ENOTDIR/);
  });

  it('to resume what is no run, or has lost its checkpoints, or has those of another', async () => {
    expect((await failure(resumeRun(place.parent))).message).toContain(
      `there is no ${join(place.parent, 'config.json')}`,
    );
    const { files } = await finished.copyTo(place.folder);
    await writeFile(files.config, JSON.stringify({ ...config(), batchSize: 0 }));
    const wrong = await failure(resumeRun(place.folder));
    expect(wrong.message).toMatch(/config.json: batchSize: /);
    expect(wrong.hint).toMatch(/^Put it right, or bring back a copy/);
    await writeFile(files.config, '{"recipe": ');
    const cut = await failure(resumeRun(place.folder));
    expect(cut.message).toMatch(/config.json is not JSON/);
    expect(cut.hint).toBe(wrong.hint);
    await writeFile(files.config, '{}');
    expect((await failure(resumeRun(place.folder))).message).toMatch(/config.json: recipe: .*; and \d\d more$/);
    await writeFile(
      files.config,
      JSON.stringify(config({ modelOptions: { ...tiny.modelOptions, widths: [2, 2, 2] } })),
    );
    expect((await failure(resumeRun(place.folder))).message).toMatch(
      /checkpoint.safetensors does not belong to this run: /,
    );
    await writeFile(files.config, JSON.stringify(config()));
    await truncate(files.checkpoint, 100);
    const both = await failure(resumeRun(place.folder));
    expect(both.message).toMatch(/checkpoint.safetensors: .*cut short.*; there is no .*previous.safetensors/);
    expect(both.hint).toContain(files.config);
    await rm(files.checkpoint);
    expect((await failure(resumeRun(place.folder))).message).toMatch(/there is no .*; there is no .*/);
    expect(await readdir(place.folder)).not.toContain('run.lock');
  });

  it('to open what is no model', async () => {
    expect((await failure(loadRun(join(place.parent, 'nothing')))).message).toContain('there is no ');
    expect((await failure(loadRun(place.parent))).message).toContain(
      `there is no ${join(place.parent, 'model.safetensors')}`,
    );
    const { files } = await finished.copyTo(place.folder);
    expect((await failure(loadRun(files.checkpoint))).message).toContain('does not say which model it belongs to');
    await truncate(files.model, 500);
    expect((await failure(loadRun(place.folder))).message).toMatch(/model.safetensors: /);
  });
});

it('a folder is named after the recipe and the time, and never used twice', async () => {
  const before = process.cwd();
  process.chdir(place.parent);
  try {
    const now = new Date(2025, 2, 9, 14, 5, 30);
    const first = await createRunFolder(undefined, 'digits', now);
    expect(first).toBe(join(process.cwd(), 'runs', 'digits-2025-03-09-140530'));
    expect(await createRunFolder(undefined, 'digits', now)).toBe(`${first}-2`);
  } finally {
    process.chdir(before);
  }
});
