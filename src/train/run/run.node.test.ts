// Whole runs on a few images of the real MNIST and a tiny network: the folder, stopping, resuming, evaluating what is there.

import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ResiduaError, UsageError } from '../../errors.ts';
import { readSafetensors, writeSafetensors } from '../../formats/safetensors.ts';
import type { LogPoint, NormsPoint, StepProgress } from '../progress.ts';
import type { RunOverrides } from './config.ts';
import { evaluateRun } from './evaluate-run.node.ts';
import { loadRun } from './load-run.node.ts';
import type { RunStart } from './reporter.ts';
import { resolveRunConfig } from './resolve-config.node.ts';
import { resumeRun, trainRun } from './run.node.ts';
import { createRunFolder } from './run-folder.node.ts';
import { resumeSeeds, trainSeeds } from './seeds.node.ts';

let parent: string;
let folder: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'residua-test-'));
  folder = join(parent, 'run');
});

afterEach(() => rm(parent, { recursive: true }));

const tiny: RunOverrides = {
  limit: 22,
  batchSize: 8,
  epochs: 2,
  logEvery: 2,
  seed: 7,
  device: 'cpu',
  modelOptions: { layers: [1, 1, 1], widths: [2, 2, 4] },
};
const config = (more: RunOverrides = {}) => resolveRunConfig({ ...tiny, ...more });

async function failure(promise: Promise<unknown>): Promise<ResiduaError> {
  const error = await promise.catch((reason) => reason);
  expect(error).toBeInstanceOf(ResiduaError);
  return error as ResiduaError;
}

describe('a run', () => {
  it('leaves a folder that says everything about it', async () => {
    const events: string[] = [];
    let start: RunStart | undefined;
    const result = await trainRun(config({ validationImages: 6 }), {
      folder,
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

    expect(start).toMatchObject({ trainImages: 16, validationImages: 6, testImages: 22, steps: 4, startStep: 0 });
    expect(events).toEqual([
      'step 1',
      'step 2',
      'validation 6 of 6',
      'log 2',
      'epoch 1',
      'step 3',
      'step 4',
      'validation 6 of 6',
      'log 4',
      'epoch 2',
      'test 22 of 22',
    ]);
    expect((await readdir(folder)).sort()).toEqual([
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
    expect(JSON.parse(await readFile(result.files.config, 'utf8'))).toEqual(config({ validationImages: 6 }));
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
      (await trainRun(config({ seed, epochs: 1 }), { folder: join(parent, name) })).weightsHash;
    const [a, b, c] = [await run('a', 1), await run('b', 1), await run('c', 2)];
    expect(b).toBe(a);
    expect(c).not.toBe(a);
  });

  it('comes to the same weights whether its layers are measured or not', async () => {
    const dropout = { modelOptions: { ...tiny.modelOptions, dropout: 0.3 } };
    const runs = [true, false].map((layerStats) => config({ ...dropout, layerStats }));
    const [seen, unseen] = [
      await trainRun(runs[0], { folder: join(parent, 'a') }),
      await trainRun(runs[1], { folder: join(parent, 'b') }),
    ];
    expect(seen.weightsHash).toBe(unseen.weightsHash);
    expect(unseen.log.some(({ norms }) => norms)).toBe(false);
  });

  it('is evaluated from its folder, or from its weights alone, as it was at its end', async () => {
    const { test, files } = await trainRun(config({ epochs: 1 }), { folder });
    const measured = { ...test, seconds: expect.any(Number) };
    const options = { device: 'cpu', limit: 22 } as const;
    expect(await evaluateRun(folder, options)).toEqual(measured);
    const copy = join(parent, 'elsewhere.safetensors');
    await cp(files.model, copy);
    expect((await evaluateRun(copy, { ...options, batchSize: 7 })).loss).toBeCloseTo(test!.loss, 6);
  });

  it('can be stopped and resumed; its log and its counters go on', async () => {
    const controller = new AbortController();
    const step = ({ step }: { step: number }) => {
      if (step === 4) controller.abort();
    };
    const stopped = await trainRun(config(), { folder, signal: controller.signal, reporter: { step } });
    expect(stopped).toMatchObject({ status: 'stopped', test: null, steps: 4 });
    expect(stopped.log.map((point) => point.step)).toEqual([2, 3]);
    // A line that was being written when the machine went down.
    await writeFile(stopped.files.metrics, '{"step": 5, "epo', { flag: 'a' });

    let start: RunStart | undefined;
    const resumed = await resumeRun(folder, {
      reporter: {
        start: (begun) => {
          start = begun;
        },
      },
    });
    expect(start!.startStep).toBe(4);
    expect(resumed).toMatchObject({ status: 'finished', steps: 6, images: 44 });
    expect(resumed.log.map((point) => point.step)).toEqual([2, 3, 5, 6]);
    expect((await readFile(resumed.files.metrics, 'utf8')).trimEnd().split('\n')).toHaveLength(4);
    const whole = await trainRun(config({ threads: 1 }), { folder: join(parent, 'whole') });
    expect(resumed.weightsHash).toBe(whole.weightsHash);
    expect(resumed.test).toEqual({ ...whole.test, seconds: expect.any(Number) });
  });

  it('that was finished already is measured again when it is resumed', async () => {
    const { weightsHash } = await trainRun(config({ epochs: 1 }), { folder });
    const again = await resumeRun(folder);
    expect(again).toMatchObject({ status: 'finished', images: 22, weightsHash });
  });

  it('warns when the images of the test have another size, as in the article', async () => {
    const transforms = config({ recipe: 'article' }).transforms;
    const forgotten = { train: transforms.train, test: [{ name: 'ToTensor' }] };
    const warnings: string[] = [];
    await trainRun(config({ epochs: 1, transforms: forgotten }), {
      folder,
      reporter: { preflight: ({ check, message }) => void (check === 'image-size' && warnings.push(message)) },
    });
    expect(warnings).toEqual([expect.stringContaining('32x32 in training, but 28x28 in the test')]);
  });
});

describe('a run that crashed', () => {
  const told = (log: readonly LogPoint[]) => log.map(({ imagesPerSecond: _, ...point }) => point);
  const often: RunOverrides = { checkpointSeconds: 0, logEvery: 1, validationImages: 6 };

  /** As a crash leaves it: ended by an error in the middle of a step's report, after its checkpoint of the step before. */
  async function crash(step: number, more: RunOverrides = {}): Promise<void> {
    const reporter = {
      step: (progress: StepProgress) => {
        if (progress.step === step) throw new Error('crash');
      },
    };
    await expect(trainRun(config({ ...often, ...more }), { folder, reporter })).rejects.toThrow('crash');
  }

  async function resume() {
    const messages: string[] = [];
    const say = (text: string) => void messages.push(text);
    let startStep: number | undefined;
    const start = (begun: RunStart) => {
      startStep = begun.startStep;
    };
    const result = await resumeRun(folder, { reporter: { start, note: say, warning: say } });
    return { result, messages: messages.join(), startStep };
  }

  it('goes on in the middle of an epoch, with the same log', async () => {
    const whole = await trainRun(config(often), { folder: join(parent, 'whole') });
    await crash(3);
    // The log is ahead of the checkpoint.
    expect((await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(3);
    const { result, messages, startStep } = await resume();
    expect([startStep, messages]).toEqual([2, '']);
    expect(result).toMatchObject({ weightsHash: whole.weightsHash, images: whole.images, steps: whole.steps });
    expect(told(result.log)).toEqual(told(whole.log));
    const lines = (await readFile(result.files.metrics, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([1, 2, 3, 4]);
  });

  it('before its first checkpoint begins again, fine-tuned weights and all', async () => {
    const { files } = await trainRun(config({ epochs: 1, seed: 3 }), { folder: join(parent, 'first') });
    const options = { ...often, weights: files.model, freeze: ['stem'] };
    const whole = await trainRun(config(options), { folder: join(parent, 'whole') });
    await crash(1, options);
    expect(await readdir(folder)).not.toContain('checkpoint.safetensors');
    const { result, messages, startStep } = await resume();
    expect(startStep).toBe(0);
    expect(messages).toContain('before its first checkpoint');
    expect(result.weightsHash).toBe(whole.weightsHash);
  });

  it('with a damaged checkpoint goes on from the one before, and says so', async () => {
    const whole = await trainRun(config(often), { folder: join(parent, 'whole') });
    const { checkpoint, previousCheckpoint } = whole.files;
    const inFolder = (path: string) => join(folder, basename(path));
    const [last, before] = [inFolder(checkpoint), inFolder(previousCheckpoint)];
    const damages: [() => Promise<unknown>, RegExp][] = [
      [
        async () => {
          const bytes = await readFile(last);
          bytes[bytes.length - 9] ^= 1;
          await writeFile(last, bytes);
        },
        /checkpoint.safetensors is damaged: its checksum is wrong: going on from checkpoint.previous.*, after step 2/,
      ],
      [() => truncate(last, 4000), /checkpoint.safetensors: .*cut short.*: going on from/],
      [() => truncate(last, 0), /checkpoint.safetensors: .*found 0: going on from/],
      // Killed between the two renames.
      [() => rename(last, before), /there is no .*checkpoint.safetensors: going on from .*, after step 3/],
    ];
    for (const [damage, message] of damages) {
      await crash(4);
      // There are the checkpoints of step 3, and of step 2 with its epoch ended.
      await damage();
      const { result, messages } = await resume();
      expect(messages).toMatch(message);
      expect(result.weightsHash).toBe(whole.weightsHash);
      expect(told(result.log)).toEqual(told(whole.log));
      await rm(folder, { recursive: true });
    }
  });

  it('and has lost lines of its log says so, and loses nothing else', async () => {
    const whole = await trainRun(config(often), { folder: join(parent, 'whole') });
    await crash(4);
    await truncate(join(folder, 'metrics.jsonl'), 10);
    const { result, messages } = await resume();
    expect(messages).toContain('metrics.jsonl has lost 3 of 3 lines');
    expect(result.weightsHash).toBe(whole.weightsHash);
    expect(told(result.log)).toEqual(told(whole.log).slice(3));
  });
});

describe('a run with early stopping and averaged weights', () => {
  const options: RunOverrides = {
    epochs: 4,
    batchSize: 4,
    accumulate: 2,
    clipGradNorm: 1,
    ema: { decay: 0.9, warmUp: true },
    validationImages: 6,
    patience: 1,
  };

  it('ends with the weights of its best epoch, resumed or not, and the test measures these', async () => {
    const whole = await trainRun(config(options), { folder: join(parent, 'whole') });
    expect(whole).toMatchObject({ status: 'finished', steps: 2 * whole.epochs });
    const better = whole.log.map(({ validation }) => validation!.accuracy);
    expect(whole.best).toMatchObject({ accuracy: Math.max(...better) });
    expect(whole.epochs - whole.best!.epoch).toBe(whole.epochs < 4 ? 1 : 0);
    expect(whole.log.every(({ gradientNorm }) => gradientNorm! > 0)).toBe(true);
    const { loss } = await evaluateRun(whole.folder, { device: 'cpu', limit: 22 });
    expect(loss).toBe(whole.test!.loss);

    // In the middle of an epoch, and where only its validation is outstanding.
    for (const stop of [1, 2]) {
      const controller = new AbortController();
      const reporter = { step: ({ step }: { step: number }) => step === stop && controller.abort() };
      const name = join(parent, `stopped-${stop}`);
      const stopped = await trainRun(config(options), { folder: name, signal: controller.signal, reporter });
      expect(stopped).toMatchObject({ status: 'stopped', steps: stop, epochs: 0 });
      const resumed = await resumeRun(name);
      expect(resumed.weightsHash).toBe(whole.weightsHash);
      expect(resumed.best).toEqual(whole.best);
      // A finished one is measured again, with the same weights.
      expect((await resumeRun(name)).weightsHash).toBe(whole.weightsHash);
    }
  });

  it('needs images that are held out', () => {
    expect(() => config({ patience: 1 })).toThrow('needs training images that are held out');
  });
});

describe('fine-tuning', () => {
  /** A run folder's weights, and what the run told at its start. */
  async function tune(weights: string, more: RunOverrides = {}) {
    let start: RunStart | undefined;
    const reporter = {
      start: (begun: RunStart) => {
        start = begun;
      },
    };
    const result = await trainRun(config({ epochs: 1, seed: 8, weights, ...more }), { folder, reporter });
    return { result, start: start!, tensors: readSafetensors(await readFile(result.files.model), 'model').tensors };
  }

  it('begins with the weights of a file and leaves frozen stages as they are in it', async () => {
    const { files } = await trainRun(config({ epochs: 1 }), { folder: join(parent, 'first') });
    const { tensors: before } = readSafetensors(await readFile(files.model), 'first');
    const { start, tensors } = await tune(files.model, { freeze: ['stem', 'layer1'] });
    expect(start.head).toEqual({ name: 'fc', replaced: null });
    expect(start.stages.filter(({ trainable }) => trainable === 0).map(({ name }) => name)).toEqual(['stem', 'layer1']);
    const same = [...tensors.keys()].filter((name) => `${tensors.get(name)!.data}` === `${before.get(name)!.data}`);
    expect(same).toEqual([...tensors.keys()].filter((name) => /^(conv|bn|layer1)\./.test(name)));
  });

  it('gives a model for other classes a new head, and needs the file no more once it has begun', async () => {
    const { files } = await trainRun(config({ epochs: 1 }), { folder: join(parent, 'first') });
    const { tensors } = readSafetensors(await readFile(files.model), 'first');
    const others = new Map(tensors)
      .set('fc.weight', { dtype: 'F32', shape: [3, 4], data: new Float32Array(12) })
      .set('fc.bias', { dtype: 'F32', shape: [3], data: new Float32Array(3) });
    const weights = join(parent, 'three.safetensors');
    await writeFile(weights, writeSafetensors(others));
    const { start, result } = await tune(weights);
    expect(start.head).toEqual({ name: 'fc', replaced: 3 });
    await rm(weights);
    expect((await resumeRun(folder)).weightsHash).toBe(result.weightsHash);
  });

  it('refuses a file that is not there, or of another model, and makes no folder then', async () => {
    const { files } = await trainRun(config({ epochs: 1, modelOptions: { layers: [1, 1, 1], widths: [2, 3, 4] } }), {
      folder: join(parent, 'first'),
    });
    expect((await failure(tune(join(parent, 'nothing.pth')))).message).toContain('there is no ');
    const { message } = await failure(tune(files.model));
    expect(message).toContain(`${files.model}: the weights don't fit the model`);
    expect(message).toContain('layer2.0.conv1.weight: [3, 2, 3, 3] where the model has [2, 2, 3, 3]');
    expect(await readdir(parent)).toEqual(['first']);
  });
});

describe('several seeds', () => {
  it('are runs of their own; mean and deviation come to the same when they are stopped and resumed', async () => {
    const whole = await trainSeeds(config({ epochs: 1 }), 3, { folder });
    expect(whole).toMatchObject({ status: 'finished', seeds: [7, 8, 9] });
    const single = await trainRun(config({ epochs: 1, seed: 8 }), { folder: join(parent, 'single') });
    expect(whole.runs[1]).toMatchObject({ seed: 8, loss: single.test!.loss, weightsHash: single.weightsHash });
    const losses = whole.runs.map(({ loss }) => loss);
    const mean = (losses[0] + losses[1] + losses[2]) / 3;
    const variance = losses.reduce((sum, loss) => sum + (loss - mean) ** 2 / 2, 0);
    expect(whole.loss!.mean).toBeCloseTo(mean, 12);
    expect(whole.loss!.std).toBeCloseTo(Math.sqrt(variance), 12);
    expect((await readdir(folder)).sort()).toEqual(['config.json', 'seed-7', 'seed-8', 'seed-9', 'seeds.json']);

    const controller = new AbortController();
    const seen: number[] = [];
    const stopped = await trainSeeds(config({ epochs: 1 }), 3, {
      folder: join(parent, 'stopped'),
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
    await expect(trainSeeds(config(), 1, { folder })).rejects.toThrow('>= 2, found 1');
    await expect(trainSeeds(config({ validationImages: 22 }), 2, { folder })).rejects.toThrow('cannot be held out');
    expect(await readdir(parent)).toEqual([]);
  });
});

describe('a run refuses', () => {
  it('a folder with something in it, and leaves that alone', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'notes.txt'), 'mine');
    const error = await failure(trainRun(config(), { folder }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('is not empty (it has notes.txt)');
    expect(await readdir(folder)).toEqual(['notes.txt']);
  });

  it('to hold out more images than there are, and makes no folder then', async () => {
    const error = await failure(trainRun(config({ validationImages: 22 }), { folder }));
    expect(error.message).toContain('has 22 images: 22 cannot be held out');
    expect(await readdir(parent)).toEqual([]);
  });

  it('a place that cannot be written', async () => {
    await writeFile(join(parent, 'file'), '');
    const error = await failure(trainRun(config(), { folder: join(parent, 'file', 'run') }));
    expect(error.message).toMatch(/could not write .*file.*ENOTDIR/);
  });

  it('to resume what is no run, or has lost its checkpoints, or has those of another', async () => {
    expect((await failure(resumeRun(parent))).message).toContain(`there is no ${join(parent, 'config.json')}`);
    const { files } = await trainRun(config({ epochs: 1 }), { folder });
    await writeFile(files.config, JSON.stringify({ ...config(), batchSize: 0 }));
    const wrong = await failure(resumeRun(folder));
    expect(wrong.message).toMatch(/config.json: batchSize: /);
    expect(wrong.hint).toMatch(/^Put it right, or bring back a copy/);
    await writeFile(files.config, '{"recipe": ');
    const cut = await failure(resumeRun(folder));
    expect(cut.message).toMatch(/config.json is not JSON/);
    expect(cut.hint).toBe(wrong.hint);
    await writeFile(files.config, '{}');
    expect((await failure(resumeRun(folder))).message).toMatch(/config.json: recipe: .*; and \d\d more$/);
    await writeFile(
      files.config,
      JSON.stringify(config({ modelOptions: { ...tiny.modelOptions, widths: [2, 2, 2] } })),
    );
    expect((await failure(resumeRun(folder))).message).toMatch(/checkpoint.safetensors does not belong to this run: /);
    await writeFile(files.config, JSON.stringify(config()));
    await truncate(files.checkpoint, 100);
    const both = await failure(resumeRun(folder));
    expect(both.message).toMatch(/checkpoint.safetensors: .*cut short.*; there is no .*previous.safetensors/);
    expect(both.hint).toContain(files.config);
    await rm(files.checkpoint);
    expect((await failure(resumeRun(folder))).message).toMatch(/there is no .*; there is no .*/);
    expect(await readdir(folder)).not.toContain('run.lock');
  });

  it('to open what is no model', async () => {
    expect((await failure(loadRun(join(parent, 'nothing')))).message).toContain('there is no ');
    expect((await failure(loadRun(parent))).message).toContain(`there is no ${join(parent, 'model.safetensors')}`);
    const { files } = await trainRun(config({ epochs: 1 }), { folder });
    expect((await failure(loadRun(files.checkpoint))).message).toContain('does not say which model it belongs to');
    await truncate(files.model, 500);
    expect((await failure(loadRun(folder))).message).toMatch(/model.safetensors: /);
  });
});

it('a folder is named after the recipe and the time, and never used twice', async () => {
  const before = process.cwd();
  process.chdir(parent);
  try {
    const now = new Date(2025, 2, 9, 14, 5, 30);
    const first = await createRunFolder(undefined, 'digits', now);
    expect(first).toBe(join(process.cwd(), 'runs', 'digits-2025-03-09-140530'));
    expect(await createRunFolder(undefined, 'digits', now)).toBe(`${first}-2`);
  } finally {
    process.chdir(before);
  }
});
