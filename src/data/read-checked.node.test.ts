import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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
function member(name: string, content: Uint8Array, type = '0', target = ''): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write(target, 157);
  header.write(type, 156);
  header.write('ustar\x0000', 257);
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

describe('an archive that means harm', () => {
  /** Every name below a folder, links not followed. */
  const tree = (directory: string) => readdirSync(directory, { recursive: true }).map(String).sort();
  const none = Buffer.alloc(0);
  const inside = () => join(folder, 'data', 'here');
  const loadInside = async (archive: Buffer) => {
    mkdirSync(inside(), { recursive: true });
    writeFileSync(join(inside(), 'tiny.tar.gz'), archive);
    const before = tree(folder);
    try {
      return await loadDataset(tiny(archive), { split: 'train', directory: inside() });
    } finally {
      expect(tree(folder)).toEqual(before); // nothing is written anywhere, inside or outside
    }
  };

  it.each<[string, (outside: string) => Buffer[]]>([
    ['paths that go up', () => [member('../escaped', train), member('tiny/../../escaped', train)]],
    ['absolute paths', (outside) => [member(outside, train), member('/etc/residua-escaped', train)]],
    [
      'a link to outside, and a file through it',
      (outside) => [
        member('tiny/up', none, '2', '../..'),
        member('tiny/up/escaped', train),
        member(outside, none, '1'),
      ],
    ],
    [
      'devices and pipes',
      () => [member('tiny/tty', none, '3'), member('tiny/disk', none, '4'), member('p', none, '6')],
    ],
    [
      'a long name as PAX writes it',
      (outside) => {
        const line = ` path=${outside}\n`;
        const size = line.length + 2;
        return [member('pax', Buffer.from(`${size}${line}`), 'x'), member('short', train)];
      },
    ],
  ])('by %s writes nothing, and what else is in it is read', async (_, harmful) => {
    const dataset = await loadInside(archiveOf(...harmful(join(folder, 'escaped')), member('tiny/train.bin', train)));
    expect([...dataset.labels]).toEqual([1, 2, 3]);
  });

  it('with a link in place of the file is refused', async () => {
    const link = archiveOf(member('tiny/train.bin', none, '2', '/etc/passwd'));
    await expect(loadInside(link)).rejects.toThrow('has no tiny/train.bin of 9219 bytes');
  });

  it.each<[string, (zeros: Buffer) => Buffer[]]>([
    ['a member that nobody asked for', (zeros) => [member('zeros', zeros), member('tiny/train.bin', train)]],
    ['an endless header', (zeros) => [member('pax', zeros, 'x'), member('tiny/train.bin', train)]],
    ['the file, thousands of times', () => Array(3000).fill(member('tiny/train.bin', train))],
    ['nothing at all behind its end', (zeros) => [member('tiny/train.bin', train), Buffer.alloc(1024), zeros]],
  ])('by becoming a thousand times as large through %s is refused in bounded memory', async (_, members) => {
    const archive = archiveOf(...members(Buffer.alloc(2 ** 26)));
    expect(archive.length).toBeLessThan(2 ** 17);
    const before = process.memoryUsage().rss;
    await expect(loadInside(archive)).rejects.toThrow(
      /cannot be unpacked \((expected at most 16789508 bytes after decompression, found more|Tar metadata entry exceeds)/,
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 27);
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
