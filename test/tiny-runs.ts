// Whole runs on a few images of the real MNIST and a tiny network: what the tests of runs share.

import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { ResiduaError } from '../src/errors.ts';
import type { RunOverrides } from '../src/train/run/config.ts';
import type { RunResult } from '../src/train/run/reporter.ts';
import { resolveRunConfig } from '../src/train/run/resolve-config.node.ts';
import { trainRun } from '../src/train/run/run.node.ts';

/** Three steps an epoch, or two where 8 images are held out. */
export const tiny: RunOverrides = {
  limit: 24,
  batchSize: 8,
  epochs: 2,
  logEvery: 2,
  seed: 7,
  device: 'cpu',
  modelOptions: { layers: [1, 1, 1], widths: [2, 2, 4] },
};
export const config = (more: RunOverrides = {}) => resolveRunConfig({ ...tiny, ...more });

/** A folder for each test, removed after it. */
export function folderOfTest(): { parent: string; folder: string } {
  const place = { parent: '', folder: '' };
  beforeEach(async () => {
    place.parent = await mkdtemp(join(tmpdir(), 'residua-test-'));
    place.folder = join(place.parent, 'run');
  });
  afterEach(() => rm(place.parent, { recursive: true }));
  return place;
}

/** A run that the tests of a file or a group start from; those that change something in its folder take a copy. */
export function sharedRun(more: RunOverrides): {
  readonly result: RunResult;
  copyTo(folder: string): Promise<RunResult>;
} {
  let parent: string;
  let result: RunResult;
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'residua-test-'));
    result = await trainRun(config(more), { folder: join(parent, 'run') });
  });
  afterAll(() => rm(parent, { recursive: true }));
  return {
    get result() {
      return result;
    },
    async copyTo(folder) {
      await cp(result.folder, folder, { recursive: true });
      const files = Object.entries(result.files).map(([name, path]) => [name, path.replace(result.folder, folder)]);
      return { ...result, folder, files: Object.fromEntries(files) };
    },
  };
}

export async function failure(promise: Promise<unknown>): Promise<ResiduaError> {
  const error = await promise.catch((reason) => reason);
  expect(error).toBeInstanceOf(ResiduaError);
  return error as ResiduaError;
}
