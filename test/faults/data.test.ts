// Data as it is handed to a trainer on a bad day, each fault caused for real: files that are no data, labels that are no
// classes, classes and splits without images (exit code 1, a message with the place and what to do), and data that can be
// trained on but should not be like this (a warning in stderr, in --json, in the run folder and its report).

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { PreflightWarning } from '../../src/train/index.ts';
import { linesOf, residua, temporaryFolder } from '../cli/run-cli.ts';

const root = temporaryFolder();

/** A picture that no other number has, 28x28 unless said otherwise. */
function picture(number: number, width = 28, height = 28): Promise<Buffer> {
  const data = Buffer.from(
    Array.from({ length: width * height * 3 }, (_, i) => (i * (number + 3) * 37 + (i >> 5) * number) % 256),
  );
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** A folder of `name` with these files. */
function folderOf(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = join(root, name);
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
  return folder;
}

/** train/CLASS/N.png and test/CLASS/N.png, so many of each. */
async function pictures(
  name: string,
  train: Readonly<Record<string, number>>,
  test = train,
  make = picture as (number: number) => Promise<Buffer>,
): Promise<string> {
  const files: Record<string, Buffer> = {};
  let number = 0;
  for (const [split, counts] of Object.entries({ train, test })) {
    for (const [label, count] of Object.entries(counts)) {
      for (let i = 0; i < count; i++) files[`${split}/${label}/${i}.png`] = await make(number++);
    }
  }
  return folderOf(name, files);
}

async function refusal(dataset: string): Promise<string> {
  const out = join(root, 'never');
  const { code, stdout, stderr } = await residua(['train', '--dataset', dataset, '--out', out, '--json']);
  expect(code, stderr).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).not.toMatch(/^ +at /m);
  return linesOf(stderr).at(-1)!;
}

interface Warned {
  readonly stderr: string;
  readonly warnings: readonly PreflightWarning[];
}

/** Trains for an epoch, and holds all places against each other in which warnings are told. */
async function warningsOf(dataset: string, ...more: string[]): Promise<Warned> {
  const out = `${dataset}-run`;
  const small = ['--model', 'resnet8', '--epochs', '1', '--batch-size', '4', '--threads', '1'];
  const { code, stdout, stderr } = await residua([
    'train',
    '--dataset',
    dataset,
    ...small,
    ...more,
    '--out',
    out,
    '--json',
  ]);
  expect(code, stderr).toBe(0);
  const events = linesOf(stdout).map((line) => JSON.parse(line));
  const { event, warnings } = events[0];
  expect(event).toBe('start');
  expect(events.at(-1).warnings).toEqual(warnings);
  expect(JSON.parse(readFileSync(join(out, 'preflight.json'), 'utf8'))).toEqual(warnings);
  const report = readFileSync(join(out, 'report.html'), 'utf8').replaceAll('&#39;', "'");
  for (const { message, reason, advice } of warnings) {
    expect(stderr).toContain(`warning: ${message} ${reason}\n  ${advice}`);
    for (const text of [message, reason, advice]) expect(report).toContain(text);
  }
  return { stderr, warnings };
}

describe('images', () => {
  it('of CIFAR that are cut short end the run', async () => {
    const batch = new Uint8Array(3073);
    const files = Object.fromEntries(
      [1, 2, 3, 4, 5].map((n) => [`data_batch_${n}.bin`, n === 2 ? batch.slice(1) : batch]),
    );
    const folder = folderOf('cut', { ...files, 'test_batch.bin': batch });
    expect(await refusal(folder)).toContain(`${join(folder, 'data_batch_2.bin')}: expected records of 3073 bytes`);
  });

  it('of another size in a folder are named, and all are brought to one size', async () => {
    const folder = await pictures('odd', { cat: 8, dog: 8 });
    writeFileSync(join(folder, 'train/cat/3.png'), await picture(100, 40, 28));
    const { stderr } = await warningsOf(folder);
    expect(stderr).toContain(
      '1 of 32 images has another size than the other ones (train/cat/3.png is 28x40, not 28x28)',
    );
    expect(stderr).toContain('so all are resized');
    const { transforms } = JSON.parse(readFileSync(join(`${folder}-run`, 'config.json'), 'utf8'));
    expect(transforms.train[0].name).toBe('Resize');
  });

  it('that are cut short behind their headers end the run', async () => {
    const folder = await pictures('swapped', { cat: 4, dog: 4 });
    const whole = await picture(200);
    writeFileSync(join(folder, 'train/dog/1.png'), whole.subarray(0, whole.length >> 1));
    expect(await refusal(folder)).toContain(`${join(folder, 'train/dog/1.png')}: the picture is damaged`);
  });

  it('that are in the training set and in the test set are found by their pixels', async () => {
    const folder = await pictures('leaked', { cat: 6, dog: 6 });
    copyFileSync(join(folder, 'train/cat/2.png'), join(folder, 'test/dog/5.png'));
    // The same pixels in other bytes.
    await sharp(join(folder, 'train/dog/4.png')).webp({ lossless: true }).toFile(join(folder, 'test/dog/6.webp'));
    const { warnings } = await warningsOf(folder);
    expect(warnings.map(({ check }) => check)).toEqual(['duplicate-image']);
    expect(warnings[0].message).toContain('2 of 13 test images (15.38 %) are in the training set, too');
    expect(warnings[0].message).toContain('train/cat/2.png is test/dog/5.png');
    expect(warnings[0].message).toContain('train/dog/4.png is test/dog/6.webp');
    expect(warnings[0].message).toContain('1 of them has another label there.');
  });
});

describe('labels', () => {
  it('of CIFAR that are no classes end the run', async () => {
    const batch = (label: number) => Uint8Array.from({ length: 3073 }, (_, i) => (i === 0 ? label : i % 256));
    const files = [1, 2, 3, 4, 5].map((n) => [`data_batch_${n}.bin`, batch(n === 3 ? 10 : n)] as const);
    const folder = folderOf('no-class', { ...Object.fromEntries(files), 'test_batch.bin': batch(0) });
    const message = await refusal(folder);
    expect(message).toContain('label 10 of image 2 is not from 0 to 9');
    expect(message).toContain('The data set has 10 classes: airplane');
  });

  it('of a table that are neither 0 nor 1 end the run', async () => {
    const [first, second] = [await picture(1), await picture(2)];
    const table = 'file,sea,sun\n1.png,0,1\n2.png,1,2\n';
    const folder = folderOf('table', { 'labels.csv': table, '1.png': first, '2.png': second });
    expect(await refusal(folder)).toContain(
      `${join(folder, 'labels.csv')}, line 3: the column 'sun' must be 0 or 1, found '2'`,
    );
  });
});

describe('classes', () => {
  it('whose folder is empty end the run', async () => {
    const folder = await pictures('empty-class', { cat: 2, dog: 2 });
    mkdirSync(join(folder, 'train/cow'));
    expect(await refusal(folder)).toMatch(/train\/cow has no pictures .* put pictures into it, or take it away/);
  });

  it('that only the test has end the run', async () => {
    const folder = await pictures('test-class', { cat: 2, dog: 2 }, { cat: 1, dog: 1, cow: 1 });
    expect(await refusal(folder)).toContain('has classes that train has not: cow');
  });

  it('of a table that no image has, and that all have, are warned of', async () => {
    const lines = ['file,sea,sun,sky,split'];
    const files: Record<string, Uint8Array> = {};
    for (let i = 0; i < 12; i++) {
      files[`${i}.png`] = await picture(i);
      lines.push(`${i}.png,${i % 2},0,1,${i < 8 ? 'train' : 'test'}`);
    }
    const folder = folderOf('labels', { ...files, 'labels.csv': lines.join('\n') });
    const { warnings } = await warningsOf(folder);
    expect(warnings.map(({ check }) => check)).toEqual(['empty-class', 'class-imbalance']);
    expect(warnings[0].message).toContain('1 of the 3 classes has no image among the 8 to train on: sun');
    expect(warnings[1].message).toContain('sky (100.00 %)');
  });

  it('with a tenth of the images of others, and those that are not tested, are warned of', async () => {
    const folder = await pictures('rare', { cat: 20, cow: 2, dog: 8 }, { cat: 2, dog: 2 });
    const { warnings } = await warningsOf(folder);
    expect(warnings.map(({ check }) => check)).toEqual(['untested-class', 'class-imbalance']);
    expect(warnings[1].message).toContain("'cat' has 20 training images and 'cow' 2: 10 times as many.");
  });
});

describe('no images', () => {
  const batches = [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`);

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['in the folders', { 'cat/notes.txt': 'none', 'dog/notes.txt': 'none' }, 'cat has no pictures'],
    ['in the table', { 'labels.csv': 'file,sea,sun\n' }, 'a line a picture, found 1 line(s)'],
    [
      'in the files of CIFAR',
      Object.fromEntries([...batches, 'test_batch.bin'].map((name) => [name, ''])),
      'found 0 bytes',
    ],
  ])('%s', async (where, files, message) => {
    const folder = folderOf(`none ${where}`, files);
    expect(await refusal(folder)).toContain(message);
  });

  it('by --limit', async () => {
    const { code, stderr } = await residua(['train', '--limit', '0']);
    expect(code).toBe(2);
    expect(stderr).toContain("'--limit <n>' argument '0' is invalid. Expected a whole number of at least 1.");
  });
});

describe('settings', () => {
  it('that mirror digits are warned of, from the command line', async () => {
    const grey = async (number: number) =>
      sharp(await picture(number))
        .toColourspace('b-w')
        .png()
        .toBuffer();
    const digits = Object.fromEntries([2, 3, 5].map((digit) => [digit, 4]));
    const { warnings } = await warningsOf(await pictures('digits', digits, digits, grey), '--lr', '1e-7');
    expect(warnings.map(({ check }) => check)).toEqual(['flip', 'learning-rate']);
    expect(warnings[0].message).toContain("3 of the 3 classes don't survive that: 2, 3 and 5 (12 of 12 images)");
    expect(warnings[1].message).toContain('The learning rate is 1e-7, but SGD with momentum 0.9 works');
  });
});
