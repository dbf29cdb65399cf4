import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ResiduaError, UsageError } from '../../errors.ts';
import type { Dataset } from '../dataset.ts';
import type { FilesDataset } from '../files-dataset.node.ts';
import { findSource } from './find-source.node.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'residua-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Pictures of one value each: the grey, or red with green and blue 0. */
const png = new Map<string, Buffer>();
async function picture(value: number, { width = 6, height = 5, colour = false } = {}): Promise<Buffer> {
  const key = [value, width, height, colour].join();
  const known = png.get(key);
  if (known) return known;
  const channels = colour ? 3 : 1;
  const pixels = Buffer.alloc(width * height * channels).map((_, i) => (i % channels === 0 ? value : 0));
  const image = sharp(pixels, { raw: { width, height, channels } });
  const file = await (colour ? image : image.toColourspace('b-w')).png().toBuffer();
  png.set(key, file);
  return file;
}
function put(path: string, content: Uint8Array | string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}
async function putPictures(...paths: string[]): Promise<void> {
  for (const [i, path] of paths.entries()) put(path, await picture(10 * i));
}
const files = (dataset: Dataset) => [...(dataset as FilesDataset).files].sort();
const failure = (): ResiduaError => {
  try {
    findSource(folder);
  } catch (error) {
    expect(error).toBeInstanceOf(ResiduaError);
    return error as ResiduaError;
  }
  throw new Error('nothing was refused');
};

describe('a folder of pictures with a split', () => {
  it('has the classes of its folders in order, and the label of each file', async () => {
    await putPictures('train/dog/1.png', 'train/cat/2.PNG', 'train/cat/deep/3.png', 'test/cat/4.png', 'test/dog/5.png');
    const source = findSource(folder);
    expect(source).toMatchObject({ name: folder, classes: ['cat', 'dog'], multiLabel: false, imageShape: [1, 5, 6] });
    expect(source.images).toEqual({ train: 3, validation: 0, test: 2 });
    expect(source.notes).toEqual([]);
    const train = (await source.open('train')) as FilesDataset;
    expect(files(train)).toEqual(['train/cat/2.PNG', 'train/cat/deep/3.png', 'train/dog/1.png']);
    for (const [i, file] of train.files.entries()) {
      const { label, image } = train.get(i);
      expect(train.classes[label]).toBe(file.split('/')[1]);
      expect([...image.data]).toEqual(Array(30).fill({ 1: 0, 2: 10, 3: 20 }[/\d/.exec(file)![0]]));
    }
  });

  it('takes val for validation beside test, and for the test where there is none', async () => {
    await putPictures('train/a/1.png', 'train/b/2.png', 'val/a/3.png', 'val/b/4.png');
    const alone = findSource(folder);
    expect(alone.images).toEqual({ train: 2, validation: 0, test: 2 });
    expect(alone.notes[0]).toContain("No folder 'test': 'val' is the test set");
    await putPictures('test/b/5.png', 'test/a/6.png');
    const both = findSource(folder);
    expect(both.images).toEqual({ train: 2, validation: 2, test: 2 });
    expect(files(await both.open('validation'))).toEqual(['val/a/3.png', 'val/b/4.png']);
  });

  it('may lack a class in the test, but not in training', async () => {
    await putPictures('train/a/1.png', 'train/b/2.png', 'train/c/3.png', 'test/c/4.png', 'test/a/5.png');
    const test = await findSource(folder).open('test');
    expect([test.get(0).label, test.get(1).label].sort()).toEqual([0, 2]);
    await putPictures('test/zebra/6.png');
    expect(failure().message).toContain(`${join(folder, 'test')} has classes that train has not: zebra`);
  });
});

describe('a folder of pictures without a split', () => {
  const names = (kind: string, count: number) => Array.from({ length: count }, (_, i) => `${kind}/${i}.png`);

  it('is split by class, in the same way every time, and says so', async () => {
    await putPictures(...names('cat', 20), ...names('dog', 10), 'rare/1.png');
    const source = findSource(folder);
    expect(source.images).toEqual({ train: 16 + 8 + 1, validation: 0, test: 4 + 2 });
    expect(source.notes[0]).toContain("No folder 'test': 20 % of the images of each class are the test set");
    const [train, test] = [await source.open('train'), await source.open('test')];
    expect(new Set([...files(train), ...files(test)]).size).toBe(31);
    expect(files(test).filter((file) => file.startsWith('cat')).length).toBe(4);
    expect(files(await findSource(folder).open('test'))).toEqual(files(test));
    // Not the first ones: files are often numbered by time.
    expect(files(test)).not.toEqual(['cat/0.png', 'cat/1.png', 'cat/2.png', 'cat/3.png', 'dog/0.png', 'dog/1.png']);
  });

  it('is in mixed order, so that the first images are of all classes', async () => {
    await putPictures(...names('a', 30), ...names('b', 30));
    const train = await findSource(folder).open('train');
    const first = Array.from({ length: 12 }, (_, i) => train.get(i).label);
    expect(new Set(first).size).toBe(2);
  });

  it('leaves out hidden files and what is no picture, and counts them', async () => {
    await putPictures(...names('a', 3), ...names('b', 3), 'a/.hidden.png');
    put('a/notes.txt', 'x');
    put('readme.md', 'x');
    put('.git/config', 'x');
    symlinkSync('..', join(folder, 'a', 'loop'));
    const { notes, images } = findSource(folder);
    expect(images.train + images.test).toBe(6);
    expect(notes.at(-1)).toBe('5 files are ignored: hidden, or neither PNG, JPEG nor WebP.');
  });
});

describe('the images of a folder', () => {
  it('have no common size where they differ, and three channels where one has colours', async () => {
    put('a/1.png', await picture(1));
    put('a/2.png', await picture(2, { width: 9 }));
    put('b/3.png', await picture(3, { colour: true }));
    const source = findSource(folder);
    expect(source.imageShape).toEqual([3, null, null]);
    const grey = await source.open('train', { channels: 1 });
    expect(grey.get(0).image.channels).toBe(1);
  });

  it('have a mean and a deviation of which each counts the same', async () => {
    put('train/a/1.png', await picture(0));
    put('train/b/2.png', await picture(255, { width: 60 }));
    expect(findSource(folder).statistics()).toEqual({ mean: [0.5], std: [0.5], images: 2 });
    put('train/b/2.png', await picture(0));
    expect(findSource(folder).statistics()).toMatchObject({ mean: [0], std: [1] });
  });
});

describe('a table of labels', () => {
  it('gives any number of labels, separated by | or ;', async () => {
    await putPictures('x/1.png', 'x/2.png', 'x/3.png');
    put('train.csv', '\uFEFFfile,labels\r\nx/1.png,dog|cat\r\nx/2.png,\r\n');
    put('test.csv', 'file,labels\nx/3.png,"cat; dog"\n');
    const source = findSource(folder);
    expect(source).toMatchObject({ classes: ['cat', 'dog'], multiLabel: true });
    const train = (await source.open('train')) as FilesDataset;
    const labels = Object.fromEntries(train.files.map((file, i) => [file, [...Array.from(train.get(i).labels!)]]));
    expect(labels).toEqual({ 'x/1.png': [1, 1], 'x/2.png': [0, 0] });
    expect(train.get(0).label).toBe(-1);
  });

  it('gives them as columns, in the order of the columns, with the split beside', async () => {
    await putPictures('1.png', '2.png', '3.png');
    put('labels.csv', 'image,zebra,split,ant\n1.png,1,train,0\n2.png,1,test,1\n3.png,0,val,0\n');
    const source = findSource(folder);
    expect(source).toMatchObject({ classes: ['zebra', 'ant'], multiLabel: true, notes: [] });
    expect(source.images).toEqual({ train: 1, validation: 1, test: 1 });
    expect([...Array.from((await source.open('test')).get(0).labels!)]).toEqual([1, 1]);
  });

  it('gives one class an image where the column says so, and makes a split', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `${i}.png`);
    await putPictures(...names);
    put('labels.csv', ['file,label', ...names.map((name, i) => `${name},${i < 10 ? 'b' : 'a'}`)].join('\n'));
    const source = findSource(folder);
    expect(source).toMatchObject({ classes: ['a', 'b'], multiLabel: false });
    expect(source.images).toEqual({ train: 16, validation: 0, test: 4 });
    expect(source.notes[0]).toContain('No test table: 20 %');
  });

  it.each<[string, string, string]>([
    ['file,labels', 'expected a line of column names and a line a picture, found 1 line(s)', ''],
    ['file,labels\n../1.png,a|b', "line 2: '../1.png' is not in", ''],
    ['file,labels\n/1.png,a|b', 'is not in', ''],
    ['file,labels\n1.png,a\n1.png,b', 'line 3: 1.png was named before', ''],
    ['file,labels\n1.png,a\nnone.png,b', 'line 3: there is no', 'none.png'],
    ['file,a,b\n1.png,1,2', "line 2: the column 'b' must be 0 or 1, found '2'", ''],
    ['file,a,b\n1.png,1', 'line 2: expected 3 cells, found 2', ''],
    ['file,a,a\n1.png,1,0', "the column 'a' is there twice", ''],
    ['file,label\n1.png,', 'line 2: the label is empty', ''],
    ['file,label,split\n1.png,a,dev', "must be train, validation or test, found 'dev'", ''],
    ['file,label\n1.png,a', 'expected at least two classes, found a', ''],
    ['file,label\n"1.png,a', 'no CSV table', ''],
  ])('is refused as %j', async (text, said, also) => {
    await putPictures('1.png');
    put('labels.csv', text);
    const { message } = failure();
    expect(message).toContain(join(folder, 'labels.csv'));
    expect(message).toContain(said);
    expect(message).toContain(also);
  });
});

describe('what is wrong with a folder', () => {
  it.each<[string, () => Promise<void> | void, string]>([
    ['has nothing', () => {}, 'has nothing to train on'],
    ['has only files', () => putPictures('1.png'), 'has nothing to train on'],
    ['has one class', () => putPictures('a/1.png'), "expected at least two folders, one a class, found one, 'a'"],
    [
      'has an empty class',
      async () => {
        await putPictures('a/1.png', 'b/2.png');
        put('c/readme.txt', 'x');
      },
      '/c has no pictures (PNG, JPEG or WebP)',
    ],
    [
      'has a test without training',
      () => putPictures('test/a/1.png', 'test/b/2.png'),
      "has a folder 'test' but no folder 'train'",
    ],
    [
      'has a file that is no picture',
      async () => {
        await putPictures('a/1.png', 'b/2.png');
        put('b/3.jpg', 'hello');
      },
      '/b/3.jpg: expected a PNG, JPEG or WebP picture, found bytes that begin with 68 65 6c 6c 6f',
    ],
    [
      'has an empty file',
      async () => {
        await putPictures('a/1.png', 'b/2.png');
        put('b/3.jpg', '');
      },
      '/b/3.jpg: expected a PNG, JPEG or WebP picture, found an empty file',
    ],
  ])('that %s is said', async (_, make, said) => {
    await make();
    const { message, hint } = failure();
    expect(message).toContain(folder);
    expect(message).toContain(said);
    expect(hint).toBeDefined();
  });

  it('a damaged file is named when it is read', async () => {
    const file = await picture(7);
    put('train/a/1.png', file.subarray(0, file.length - 20));
    put('train/b/2.png', file);
    put('test/a/1.png', file);
    put('test/b/1.png', file);
    const train = (await findSource(folder).open('train')) as FilesDataset;
    const index = train.files.indexOf('train/a/1.png');
    expect(() => train.get(index)).toThrow(`${join(folder, 'train/a/1.png')}: the picture is damaged`);
  });
});

describe('files of known data sets in a folder', () => {
  it('are told apart, even where they have the same names', () => {
    const names = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte'];
    for (const name of names) put(name, 'x');
    expect(findSource(folder).catalogName).toBe('mnist');
    put('t10k-labels-idx1-ubyte.gz', gzipSync('y'));
    expect(findSource(folder)).toMatchObject({ catalogName: 'mnist', name: folder });
  });

  it('may be those of CIFAR, unpacked or not', () => {
    put('cifar-10-binary.tar.gz', 'x');
    expect(findSource(folder)).toMatchObject({ catalogName: 'cifar10', name: folder, imageShape: [3, 32, 32] });
    rmSync(join(folder, 'cifar-10-binary.tar.gz'));
    put('cifar-100-binary/train.bin', 'x');
    put('cifar-100-binary/test.bin', 'x');
    expect(findSource(folder).catalogName).toBe('cifar100');
  });

  it('a name that is none is answered with those there are', () => {
    expect(() => findSource('cifar')).toThrow(UsageError);
  });
});
