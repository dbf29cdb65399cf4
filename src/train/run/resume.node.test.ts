// Runs that were stopped or that crashed, and go on to what they come to without.

import { cp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { config, folderOfTest, sharedRun } from '../../../test/tiny-runs.ts';
import type { LogPoint, StepProgress } from '../progress.ts';
import type { RunOverrides } from './config.ts';
import { evaluateRun } from './evaluate-run.node.ts';
import type { RunStart } from './reporter.ts';
import { resumeRun, trainRun } from './run.node.ts';

const place = folderOfTest();

describe('a run', () => {
  it('can be stopped and resumed; its log and its counters go on', async () => {
    // The last step of an epoch is on 6 images.
    const controller = new AbortController();
    const step = ({ step }: { step: number }) => {
      if (step === 4) controller.abort();
    };
    const stopped = await trainRun(config({ limit: 22 }), {
      folder: place.folder,
      signal: controller.signal,
      reporter: { step },
    });
    expect(stopped).toMatchObject({ status: 'stopped', test: null, steps: 4 });
    expect(stopped.log.map((point) => point.step)).toEqual([2, 3]);
    // A line that was being written when the machine went down.
    await writeFile(stopped.files.metrics, '{"step": 5, "epo', { flag: 'a' });

    let start: RunStart | undefined;
    const resumed = await resumeRun(place.folder, {
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
    const whole = await trainRun(config({ limit: 22, threads: 1 }), { folder: join(place.parent, 'whole') });
    expect(resumed.weightsHash).toBe(whole.weightsHash);
    expect(resumed.test).toEqual({ ...whole.test, seconds: expect.any(Number) });
  });
});

describe('a run that crashed', () => {
  const told = (log: readonly LogPoint[]) => log.map(({ imagesPerSecond: _, ...point }) => point);
  const often: RunOverrides = { checkpointSeconds: 0, logEvery: 1, validationImages: 8 };
  const whole = sharedRun(often);

  /** As a crash leaves it: ended by an error in the middle of a step's report, after its checkpoint of the step before. */
  async function crash(step: number, more: RunOverrides = {}): Promise<void> {
    const reporter = {
      step: (progress: StepProgress) => {
        if (progress.step === step) throw new Error('crash');
      },
    };
    await expect(trainRun(config({ ...often, ...more }), { folder: place.folder, reporter })).rejects.toThrow('crash');
  }

  async function resume() {
    const messages: string[] = [];
    const say = (text: string) => void messages.push(text);
    let startStep: number | undefined;
    const start = (begun: RunStart) => {
      startStep = begun.startStep;
    };
    const result = await resumeRun(place.folder, { reporter: { start, note: say, warning: say } });
    return { result, messages: messages.join(), startStep };
  }

  it('goes on in the middle of an epoch, with the same log', async () => {
    await crash(3);
    // The log is ahead of the checkpoint.
    expect((await readFile(join(place.folder, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(3);
    const { result, messages, startStep } = await resume();
    expect([startStep, messages]).toEqual([2, '']);
    expect(result).toMatchObject({
      weightsHash: whole.result.weightsHash,
      images: whole.result.images,
      steps: whole.result.steps,
    });
    expect(told(result.log)).toEqual(told(whole.result.log));
    const lines = (await readFile(result.files.metrics, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([1, 2, 3, 4]);
  });

  it('before its first checkpoint begins again, fine-tuned weights and all', async () => {
    const { files } = await trainRun(config({ epochs: 1, seed: 3 }), { folder: join(place.parent, 'first') });
    const options = { ...often, weights: files.model, freeze: ['stem'] };
    const other = await trainRun(config(options), { folder: join(place.parent, 'other') });
    await crash(1, options);
    expect(await readdir(place.folder)).not.toContain('checkpoint.safetensors');
    const { result, messages, startStep } = await resume();
    expect(startStep).toBe(0);
    expect(messages).toContain('before its first checkpoint');
    expect(result.weightsHash).toBe(other.weightsHash);
  });

  it('with a damaged checkpoint goes on from the one before, and says so', async () => {
    const { checkpoint, previousCheckpoint } = whole.result.files;
    const inFolder = (path: string) => join(place.folder, basename(path));
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
    await crash(4);
    const crashed = join(place.parent, 'crashed');
    await rename(place.folder, crashed);
    for (const [damage, message] of damages) {
      await cp(crashed, place.folder, { recursive: true });
      // There are the checkpoints of step 3, and of step 2 with its epoch ended.
      await damage();
      const { result, messages } = await resume();
      expect(messages).toMatch(message);
      expect(result.weightsHash).toBe(whole.result.weightsHash);
      expect(told(result.log)).toEqual(told(whole.result.log));
      await rm(place.folder, { recursive: true });
    }
  });

  it('and has lost lines of its log says so, and loses nothing else', async () => {
    await crash(4);
    await truncate(join(place.folder, 'metrics.jsonl'), 10);
    const { result, messages } = await resume();
    expect(messages).toContain('metrics.jsonl has lost 3 of 3 lines');
    expect(result.weightsHash).toBe(whole.result.weightsHash);
    expect(told(result.log)).toEqual(told(whole.result.log).slice(3));
  });
});

describe('a run with early stopping and averaged weights', () => {
  const options: RunOverrides = {
    epochs: 4,
    batchSize: 4,
    accumulate: 2,
    clipGradNorm: 1,
    ema: { decay: 0.9, warmUp: true },
    validationImages: 8,
    patience: 1,
  };

  it('ends with the weights of its best epoch, resumed or not, and the test measures these', async () => {
    const whole = await trainRun(config(options), { folder: join(place.parent, 'whole') });
    expect(whole).toMatchObject({ status: 'finished', steps: 2 * whole.epochs });
    const better = whole.log.map(({ validation }) => validation!.accuracy);
    expect(whole.best).toMatchObject({ accuracy: Math.max(...better) });
    expect(whole.epochs - whole.best!.epoch).toBe(whole.epochs < 4 ? 1 : 0);
    expect(whole.log.every(({ gradientNorm }) => gradientNorm! > 0)).toBe(true);
    const { loss } = await evaluateRun(whole.folder, { device: 'cpu', limit: 24 });
    expect(loss).toBe(whole.test!.loss);

    // In the middle of an epoch, and where only its validation is outstanding.
    for (const stop of [1, 2]) {
      const controller = new AbortController();
      const reporter = { step: ({ step }: { step: number }) => step === stop && controller.abort() };
      const name = join(place.parent, `stopped-${stop}`);
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
