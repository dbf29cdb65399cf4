// Every reader of files that others made: weights, data sets, pictures, tables. See survive.ts for what is expected.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { describeDataset } from '../../src/data/index.ts';
import { findSource, loadDataset, readImage, traitsOf } from '../../src/data/node.ts';
import { readCifar } from '../../src/formats/cifar.ts';
import { readIdx } from '../../src/formats/idx.ts';
import { readLabelTable } from '../../src/formats/label-table.ts';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import { readWeightsFile } from '../../src/formats/weights.node.ts';
import { effort, testTimeout } from './effort.ts';
import { damaged } from './mutations.ts';
import { survive, withBoundedMemory } from './survive.ts';

const root = mkdtempSync(join(tmpdir(), 'residua-fuzz-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const golden = (name: string) => readFileSync(join('test/golden', name));
const pthFiles = readdirSync('test/golden/pth').filter((name) => name.endsWith('.pth'));
const idx = (rank: number, ...rest: number[]) => Buffer.from([0, 0, 8, rank, ...rest]);
const images = idx(3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, ...Array(12).keys());
const labels = idx(1, 0, 0, 0, 3, 1, 0, 1);
const cifar = Buffer.concat([5, 1, 9].map((label) => Buffer.concat([Buffer.of(label), Buffer.alloc(3072, label)])));

/** All inputs of one kind. */
function every(most: number, files: readonly Uint8Array[], read: (bytes: Buffer) => unknown): Promise<void> {
  const property = fc.asyncProperty(damaged(files), async (bytes) => void (await survive(() => read(bytes))));
  return withBoundedMemory(() => fc.assert(property, effort(most)));
}

const asFile = (name: string, bytes: Uint8Array): string => {
  const path = join(root, name);
  writeFileSync(path, bytes);
  return path;
};

describe('damaged weights are read or refused', { timeout: testTimeout }, () => {
  it('as safetensors', async () => {
    const made = writeSafetensors(
      [
        ['a.weight', { dtype: 'F32', shape: [2, 3], data: new Float32Array(6) }],
        ['b', { dtype: 'I32', shape: [], data: Int32Array.of(7) }],
      ],
      [['format', 'pt']],
    );
    await every(2500, [made, golden('op-linear.safetensors'), golden('op-relu.safetensors')], (bytes) =>
      readSafetensors(bytes, 'file'),
    );
  });

  it('as .pth, in both kinds, from a file', async () => {
    const files = pthFiles.map((name) => golden(join('pth', name)));
    await every(4000, files, (bytes) => readWeightsFile(asFile('weights', bytes)));
    if (existsSync('/tmp/residua-code-was-executed')) throw new Error('a pickle was executed');
  });

  it('as pickles of CIFAR, which are refused', async () => {
    // protocol 2: {b'data': b'...', b'labels': [..]}, as the Python version of CIFAR has it
    const text = `\x80\x02}q\x00(U\x04dataU\x10${'p'.repeat(16)}U\x06labels]q\x01(K\x05K\x06eu.`;
    await every(500, [Buffer.from(text, 'latin1')], async (bytes) => {
      await survive(() => readWeightsFile(asFile('data_batch_1', bytes)));
      return readCifar([bytes], ['data_batch_1'], 1);
    });
  });
});

describe('damaged data are read or refused', { timeout: testTimeout }, () => {
  it('as IDX', async () => {
    await every(800, [images, labels], (bytes) => readIdx(bytes, 'file', bytes[3] === 1 ? 1 : 3));
  });

  it("as CIFAR's records", async () => {
    await every(300, [cifar], (bytes) => readCifar([bytes], ['file'], 1));
  });

  it('as IDX in a folder, plain and compressed', async () => {
    const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');
    const folder = join(root, 'idx');
    mkdirSync(folder);
    const read = (bytes: Buffer, compressed: boolean) => {
      const name = compressed ? 'i-idx3-ubyte.gz' : 'i-idx3-ubyte';
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
      writeFileSync(join(folder, name), bytes);
      writeFileSync(join(folder, 'l-idx1-ubyte'), labels);
      const files = [
        // Half of them are what was said of them, so that they are decoded.
        { name: 'i-idx3-ubyte', size: images.length, ...(compressed && { md5: md5(images) }) },
        { name: 'l-idx1-ubyte', size: labels.length },
      ];
      const split = { length: 3, files };
      const description = { ...describeDataset('mnist'), name: 'tiny', splits: { train: split, test: split } };
      return loadDataset(description, { split: 'train', directory: folder });
    };
    await every(300, [images], (bytes) => read(bytes, false));
    await every(300, [gzipSync(images)], (bytes) => read(bytes, true));
  });

  it('as an archive', async () => {
    const folder = join(root, 'archive');
    mkdirSync(folder);
    const header = Buffer.alloc(512);
    header.write('tiny/train.bin', 0);
    header.write(`0000644\0${'0000000\0'.repeat(2)}${cifar.length.toString(8).padStart(11, '0')}\0`, 100);
    header.write('00000000000\0        0', 136);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const tar = Buffer.concat([header, cifar, Buffer.alloc(512 - (cifar.length % 512) + 1024)]);
    const read = (bytes: Buffer) => {
      const md5 = createHash('md5').update(bytes).digest('hex');
      const split = { length: 3, files: [{ name: 'train.bin', size: cifar.length }] };
      writeFileSync(join(folder, 'tiny.tar.gz'), bytes);
      return loadDataset(
        {
          ...describeDataset('cifar10'),
          splits: { train: split, test: split },
          archive: { name: 'tiny.tar.gz', size: bytes.length, md5, directory: 'tiny' },
        },
        { split: 'train', directory: folder },
      );
    };
    await every(200, [gzipSync(tar)], read);
    await every(300, [tar], (bytes) => read(gzipSync(bytes, { level: 1 })));
  });
});

describe('damaged pictures and tables are read or refused', { timeout: testTimeout }, () => {
  const pictures: Buffer[] = [];
  beforeAll(async () => {
    const pixels = Buffer.from(Uint8Array.from({ length: 3 * 24 * 20 }, (_, i) => (i * 7) % 256));
    const made = () => sharp(pixels, { raw: { width: 24, height: 20, channels: 3 } });
    pictures.push(
      await made().png().toBuffer(),
      await made().png({ palette: true }).toBuffer(),
      await made().jpeg().toBuffer(),
      await made().jpeg({ progressive: true }).withMetadata({ orientation: 6 }).toBuffer(),
      await made().webp().toBuffer(),
      await made().webp({ lossless: true }).toBuffer(),
    );
  });

  it('as a picture in a file', async () => {
    await every(2000, [...pictures], (bytes) => readImage(asFile('picture.png', bytes), 3));
  });

  it('as a table', async () => {
    const tables = [
      'file,labels\n1.png,cat|dog\n2.png,\n',
      'file,cat,dog,split\n1.png,1,1,train\n',
      'file,label\n"a"",",b\n',
    ];
    await every(
      1000,
      tables.map((text) => Buffer.from(text)),
      (bytes) => readLabelTable(bytes.toString(), 'labels.csv'),
    );
  });

  it('as a folder, whatever its files are called and hold', async () => {
    const name = fc.oneof(
      fc.constantFrom(
        'train',
        'test',
        'val',
        'cat',
        'dog',
        '1.png',
        '2.JPG',
        '3.webp',
        'labels.csv',
        'train.csv',
        '.png',
      ),
      fc.constantFrom('data_batch_1.bin', 'test_batch.bin', 'train-images-idx3-ubyte', 't10k-labels-idx1-ubyte.gz'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).filter((text) => !/[\0/]|^\.\.?$/.test(text)),
    );
    const path = fc.array(name, { minLength: 1, maxLength: 4 });
    const content = fc.nat(9).chain((kind) => {
      if (kind < 5) return fc.nat(pictures.length - 1).map((i) => pictures[i]);
      if (kind < 7) return damaged(pictures);
      return fc.constantFrom(Buffer.from('file,label\n1.png,cat\n2.JPG,dog\n'), images, cifar, Buffer.alloc(0));
    });
    const folder = join(root, 'folder');
    const property = fc.asyncProperty(fc.array(fc.tuple(path, content), { maxLength: 14 }), async (files) => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      for (const [parts, bytes] of files) {
        try {
          mkdirSync(join(folder, ...parts.slice(0, -1)), { recursive: true });
          writeFileSync(join(folder, ...parts), bytes);
        } catch {
          // There is a file where a folder should be, or the other way round.
        }
      }
      await survive(async () => {
        const source = findSource(folder);
        traitsOf(source);
        for (const split of ['train', 'test'] as const) {
          const dataset = await source.open(split);
          for (let i = 0; i < Math.min(dataset.length, 4); i++) dataset.get(i);
        }
      });
    });
    await withBoundedMemory(() => fc.assert(property, effort(1000)));
  });
});
