// Every file of a run folder, damaged or made up: config.json, checkpoints with right checksums, metrics.jsonl, locks, seeds.json,
// the description in a model's metadata. See survive.ts for what is expected.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromConfig } from '../../src/data/index.ts';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import { randomStream } from '../../src/tensor/random.ts';
import { readCheckpoint, restoreCheckpoint } from '../../src/train/checkpoint.ts';
import { checksumPlace, seal } from '../../src/train/checksum.ts';
import { CARD, readModelFile } from '../../src/train/model-file.ts';
import type { BuiltRun } from '../../src/train/run/build.ts';
import { parseRunConfig, type RunConfig } from '../../src/train/run/config.ts';
import { lockFolder } from '../../src/train/run/lock.node.ts';
import { fromLines } from '../../src/train/run/metrics-lines.ts';
import { loadRun, resumeRun, resumeSeeds } from '../../src/train/run/node.ts';
import { buildOnNode } from '../../src/train/run/platform.node.ts';
import { type Corpus, makeCorpus } from './corpus.ts';
import { effort, testTimeout } from './effort.ts';
import { changedJson, damaged } from './mutations.ts';
import { survive, withBoundedMemory } from './survive.ts';

const root = mkdtempSync(join(tmpdir(), 'residua-fuzz-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let corpus: Corpus;
let config: RunConfig;
let built: BuiltRun;
const read = (name: string) => readFileSync(join(corpus.run, name));
beforeAll(async () => {
  corpus = await makeCorpus(root);
  config = JSON.parse(read('config.json').toString());
  built = await buildOnNode(config, { reporter: {}, resumed: false });
});
afterAll(() => built.close());

function every<T>(most: number, inputs: fc.Arbitrary<T>, use: (input: T) => unknown): Promise<void> {
  const property = fc.asyncProperty(inputs, async (input) => void (await survive(() => use(input))));
  return withBoundedMemory(() => fc.assert(property, effort(most)));
}

describe('config.json', { timeout: testTimeout }, () => {
  it('with other values is refused, or can be built', async () => {
    await every(2000, changedJson(config), async (json) => {
      const parsed = parseRunConfig(JSON.parse(JSON.stringify(json)), 'config.json');
      await (await buildOnNode(parsed, { reporter: {}, resumed: false })).close();
    });
  });

  it('has transforms that are refused, or can be applied', async () => {
    await every(1500, changedJson(config.transforms.train), (json) => {
      const chain = fromConfig(json);
      chain.outputShape([1, 12, 12]);
      const image = { channels: 1, height: 12, width: 12, data: new Uint8Array(144) } as const;
      chain.apply(image, randomStream({ seed: 1, purpose: 'augment' }));
    });
  });
});

describe('a checkpoint', { timeout: testTimeout }, () => {
  const restore = async (bytes: Uint8Array) => restoreCheckpoint(await readCheckpoint(bytes, 'checkpoint'), built);
  /** With what is said in it changed, and the right checksum for that. */
  const sealed = async (counters: unknown, drop: number) => {
    const { tensors, metadata } = readSafetensors(read('checkpoint.safetensors'), 'file');
    const left = [...tensors].filter((_, i) => i !== drop);
    const training = typeof counters === 'string' ? counters : JSON.stringify(counters ?? null);
    const texts: [string, string][] = [...metadata].filter(([key]) => key !== 'sha256' && key !== 'training');
    const file = writeSafetensors(left, [...texts, ['training', training], checksumPlace]);
    await seal(file);
    return file;
  };

  it('that is damaged is refused, whatever is damaged', async () => {
    const good = read('checkpoint.safetensors');
    await every(400, damaged([good]), async (bytes) => {
      const restored = await restore(bytes);
      expect(bytes.equals(good), `a damaged one was restored: ${JSON.stringify(restored)}`).toBe(true);
    });
  });

  it('that is whole but says something else is refused or restored', async () => {
    const { metadata } = readSafetensors(read('checkpoint.safetensors'), 'file');
    const counters = JSON.parse(metadata.get('training')!);
    const said = fc.oneof({ arbitrary: changedJson(counters), weight: 5 }, { arbitrary: fc.string(), weight: 1 });
    await every(600, fc.tuple(said, fc.nat(60)), async ([json, drop]) => restore(await sealed(json, drop)));
  });
});

describe('metrics.jsonl', { timeout: testTimeout }, () => {
  it('gives its lines up to the first that is none', async () => {
    const good = read('metrics.jsonl');
    await every(600, damaged([good]), (bytes) => fromLines(bytes.toString(), 50));
  });
});

describe('a lock', { timeout: testTimeout }, () => {
  it('with anything in it is taken over, or respected', async () => {
    const folder = join(root, 'locked');
    const owner = {
      ...{ token: '7c9e6679-7425-40de-944b-e07fc1f90ae7', pid: 2 ** 22 + 17, host: os.hostname() },
      ...{ started: '2025-03-09T14:25:30.000Z', processStart: null },
    };
    const content = fc.oneof(
      changedJson(owner).map((json) => JSON.stringify(json) ?? ''),
      damaged([Buffer.from(JSON.stringify(owner))]).map((bytes) => bytes.toString()),
    );
    await every(600, content, async (text) => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      writeFileSync(join(folder, 'run.lock'), text);
      await (await lockFolder(folder)).release();
    });
  });
});

describe("a model's description of itself", { timeout: testTimeout }, () => {
  it('with other values is refused, or gives a model', async () => {
    const { tensors, metadata } = readSafetensors(read('model.safetensors'), 'file');
    const card = JSON.parse(metadata.get(CARD)!);
    await every(1000, changedJson(card), (json) => {
      const texts = [...metadata].filter(([key]) => key !== CARD);
      return readModelFile(writeSafetensors(tensors, [...texts, [CARD, JSON.stringify(json) ?? '']]), 'model');
    });
  });

  it('in a file that is damaged is refused, or gives a model', async () => {
    const files = [corpus.weights.safetensors, corpus.weights.pth].map((path) => readFileSync(path));
    const path = join(root, 'damaged.weights');
    await every(400, damaged(files), (bytes) => {
      writeFileSync(path, bytes);
      return loadRun(path);
    });
  });
});

describe('a run folder', { timeout: testTimeout }, () => {
  it('with any of its files damaged goes on, or says what is wrong', async () => {
    const folder = join(root, 'resumed');
    const names = [
      'config.json',
      'checkpoint.safetensors',
      'metrics.jsonl',
      'checkpoint.previous.safetensors',
      'run.lock',
    ];
    const damage = fc.constantFrom(...names).chain((name) => {
      const good = name === 'run.lock' ? Buffer.from('{}') : read(name);
      return fc.tuple(fc.constant(name), damaged([good]));
    });
    await every(120, fc.array(damage, { minLength: 1, maxLength: 3 }), async (files) => {
      rmSync(folder, { recursive: true, force: true });
      cpSync(corpus.run, folder, { recursive: true });
      for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
      // What goes on for longer has proven enough.
      await resumeRun(folder, { signal: AbortSignal.timeout(2000) });
    });
  });

  it('of several seeds, too', async () => {
    const folder = join(root, 'seeds');
    const run = { seed: 3, folder: 'x', accuracy: 0.5, loss: 1, weightsHash: 'x', seconds: 1 };
    const seeds = { seeds: [3, 4], runs: [run, { ...run, seed: 4 }] };
    await every(120, changedJson(seeds), async (json) => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      writeFileSync(join(folder, 'config.json'), read('config.json'));
      writeFileSync(join(folder, 'seeds.json'), JSON.stringify(json) ?? '');
      await resumeSeeds(folder, { signal: AbortSignal.timeout(1000) });
    });
  });
});
