import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ResiduaError } from '../errors.ts';
import type { DatasetDescription } from './catalog/description.ts';
import { describeDataset } from './catalog.ts';
import { loadDataset } from './load-dataset.node.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'residua-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A member of a ustar archive, written out by the format's description (POSIX.1-1988). */
function member(name: string, content: Uint8Array, type = '0'): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write(`${type}ustar\x0000`, 156);
  header.write(' '.repeat(8), 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
const archiveOf = (...members: Buffer[]) => gzipSync(Buffer.concat([...members, Buffer.alloc(1024)]));

const records = (labels: number[]) =>
  Buffer.concat(labels.map((label) => Buffer.concat([Buffer.of(label), Buffer.alloc(3072, 10 * label)])));
const train = records([1, 2, 3]);
const test = records([7]);

/** CIFAR-10 with few images, in an archive of these bytes. */
function tiny(archive: Buffer): DatasetDescription {
  const md5 = createHash('md5').update(archive).digest('hex');
  return {
    ...describeDataset('cifar10'),
    splits: {
      train: { length: 3, files: [{ name: 'train.bin', size: train.length }] },
      test: { length: 1, files: [{ name: 'test.bin', size: test.length }] },
    },
    archive: { name: 'tiny.tar.gz', size: archive.length, md5, directory: 'tiny' },
  };
}

/** @param said what is known of the archive, where that is another one */
async function load(archive: Buffer, said = archive, split: 'train' | 'test' = 'train') {
  writeFileSync(join(folder, 'tiny.tar.gz'), archive);
  return loadDataset(tiny(said), { split, directory: folder });
}

const good = archiveOf(
  member('tiny/', Buffer.alloc(0), '5'),
  member('tiny/readme.html', Buffer.from('hello')),
  member('../train.bin', Buffer.alloc(100_000)),
  member('tiny/train.bin', train),
  member('tiny/test.bin', test),
);

describe('an archive', () => {
  it('gives the files of a split and leaves everything else in it', async () => {
    expect([...(await load(good)).labels]).toEqual([1, 2, 3]);
    const dataset = await load(good, good, 'test');
    expect([...dataset.labels]).toEqual([7]);
    expect(dataset.get(0).image.data[5]).toBe(70);
  });

  it.each<[string, Buffer, Buffer, string]>([
    ['cut short', good.subarray(0, 300), good, `expected ${good.length} bytes, found 300`],
    ['changed', Buffer.from(good).fill(1, 50, 51), good, 'expected md5'],
    ['without the file', archiveOf(member('tiny/test.bin', test)), Buffer.alloc(0), 'has no tiny/train.bin of 9219'],
    [
      'with a file of another size',
      archiveOf(member('tiny/train.bin', test)),
      Buffer.alloc(0),
      'has no tiny/train.bin',
    ],
    ['no tar', gzipSync(Buffer.from('something else'.repeat(100))), Buffer.alloc(0), 'cannot be unpacked'],
    ['no gzip', Buffer.from('something else'), Buffer.alloc(0), 'cannot be unpacked'],
  ])('is refused when it is %s', async (_, archive, said, message) => {
    const error = await load(archive, said.length > 0 ? said : archive).catch((reason) => reason);
    expect(error).toBeInstanceOf(ResiduaError);
    expect(error.message).toContain(join(folder, 'tiny.tar.gz'));
    expect(error.message).toContain(message);
  });
});

describe('files of CIFAR in a folder of the user', () => {
  it('may have any number of images, and lie in the folder of the archive', async () => {
    mkdirSync(join(folder, 'tiny'));
    writeFileSync(join(folder, 'tiny', 'train.bin'), records([5, 6]));
    writeFileSync(join(folder, 'tiny', 'test.bin'), test);
    const dataset = await loadDataset(tiny(good), { split: 'train', directory: folder });
    expect([...dataset.labels]).toEqual([5, 6]);
  });

  it('are refused when a label is none of the classes', async () => {
    writeFileSync(join(folder, 'train.bin'), records([5, 10]));
    const loading = loadDataset(tiny(good), { split: 'train', directory: folder });
    await expect(loading).rejects.toThrow('label 10 of image 1 is not from 0 to 9');
  });
});
