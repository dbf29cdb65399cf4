// Folders of pictures, tables of labels and CIFAR's files, through the command line: trained on, tested, described. The
// pictures are digits of MNIST, large and colourful, in all formats and different sizes.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadMnist } from '../../src/data/node.ts';
import { linesOf, residua, temporaryFolder } from './run-cli.ts';

const root = temporaryFolder();
const short = ['--batch-size', '8', '--threads', '2', '--seed', '1'];
const formats = ['png', 'jpeg', 'webp'] as const;

/** A digit as a picture of a size and format that depend on its number. */
async function picture(pixels: Uint8Array, i: number, label: number): Promise<Buffer> {
  const colour = label === 0 ? [1, 0.2, 0.2] : [0.2, 0.4, 1];
  const data = Buffer.from([...pixels].flatMap((value) => colour.map((share) => value * share)));
  const image = sharp(data, { raw: { width: 28, height: 28, channels: 3 } });
  return image
    .resize(70 + (i % 5) * 9, 66 + (i % 7) * 11, { fit: 'fill' })
    .toFormat(formats[i % 3])
    .toBuffer();
}

const photos = join(root, 'photos');
const several = join(root, 'several');
const cifar = join(root, 'cifar');

beforeAll(async () => {
  const mnist = await loadMnist({ split: 'test' });
  const lines = ['file,zero,one,split'];
  let count = 0;
  for (let i = 0; count < 60; i++) {
    const { image, label } = mnist.get(i);
    if (label > 1) continue;
    const name = `${count}.${formats[count % 3]}`;
    const folder = join(photos, ['zero', 'one'][label]);
    mkdirSync(folder, { recursive: true });
    const file = await picture(image.data, count, label);
    writeFileSync(join(folder, name), file);
    mkdirSync(several, { recursive: true });
    writeFileSync(join(several, name), file);
    lines.push(`${name},${Number(label === 0)},${Number(label === 1)},${['train', 'train', 'val', 'test'][count % 4]}`);
    count++;
  }
  writeFileSync(join(several, 'labels.csv'), lines.join('\n'));
  mkdirSync(cifar);
  const record = (i: number) => Buffer.concat([Buffer.of(i % 10), Buffer.alloc(3072, 25 * (i % 10))]);
  const batch = (length: number) => Buffer.concat(Array.from({ length }, (_, i) => record(i)));
  for (const n of [1, 2, 3, 4, 5]) writeFileSync(join(cifar, `data_batch_${n}.bin`), batch(20));
  writeFileSync(join(cifar, 'test_batch.bin'), batch(30));
});

async function run(name: string, ...args: string[]) {
  const folder = join(root, name);
  const { code, stdout, stderr } = await residua(['train', ...args, ...short, '--out', folder, '--json']);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(code, stderr).toBe(0);
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  return { folder, stderr, config, result: JSON.parse(linesOf(stdout).at(-1)!) };
}

describe('a folder of pictures', () => {
  it('is split, trained on and tested; the test images are the same when it is evaluated', async () => {
    const model = ['--model', 'article-resnet', '--image-size', '32', '--epochs', '6', '--lr', '0.02'];
    const { folder, stderr, config, result } = await run('photos-run', '--dataset', photos, ...model);
    expect(stderr).toContain("No folder 'test': 20 % of the images of each class are the test set");
    expect(config).toMatchObject({ recipe: 'images', dataset: photos, task: 'single-label' });
    expect(config.transforms.train.map(({ name }: { name: string }) => name)).toEqual([
      'Resize',
      'RandomResizedCrop',
      'RandomHorizontalFlip',
      'ToTensor',
      'Normalize',
    ]);
    expect(result.test.images).toBe(12);
    expect(result.accuracy).toBeGreaterThan(0.7);
    const evaluated = JSON.parse((await residua(['evaluate', folder, '--json'])).stdout);
    expect(evaluated).toMatchObject({ accuracy: result.accuracy, images: 12, loss: result.test.loss });
  });

  it('is described: images of each class, sizes, means, and what cannot be decoded', async () => {
    const ask = async () => JSON.parse((await residua(['datasets', photos, '--json'])).stdout);
    const good = await ask();
    expect(good).toMatchObject({ classes: ['one', 'zero'], imageShape: [3, null, null], problems: [] });
    expect(good.splits.map(({ images }: { images: number }) => images)).toEqual([48, 12]);
    expect(good.statistics.mean).toHaveLength(3);
    const bad = join(photos, 'zero', 'cut.png');
    const file = await sharp({ create: { width: 50, height: 50, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    writeFileSync(bad, file.subarray(0, file.length - 30));
    const { problems } = await ask();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${bad}: the picture is damaged`);
  });

  it('with a damaged file ends with its name, and no stack', async () => {
    const args = [
      'train',
      '--dataset',
      photos,
      '--model',
      'article-resnet',
      '--epochs',
      '1',
      '--out',
      join(root, 'never'),
    ];
    const { code, stderr } = await residua([...args, ...short]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${join(photos, 'zero', 'cut.png')}: the picture is damaged`);
    expect(stderr).toContain('Get the file again, or remove it.');
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('a table of labels', () => {
  it('makes the task multi-label, and its validation images are used', async () => {
    const model = [
      '--model',
      'article-resnet',
      '--image-size',
      '32',
      '--epochs',
      '3',
      '--mixup',
      '0.2',
      '--erase',
      '0.2',
    ];
    const { config, result, stderr } = await run('several-run', '--dataset', several, ...model);
    expect(config).toMatchObject({ task: 'multi-label', labelSmoothing: 0, mixup: 0.2, cutmix: 0 });
    expect(config.transforms.train.at(-1)).toEqual({ name: 'RandomErasing', p: 0.2 });
    expect(stderr).toContain('30 images to train on');
    expect(result.test).toMatchObject({ images: 15, confusion: null });
    expect(result.test.exactMatch).toBeGreaterThanOrEqual(0);
  });

  it('is refused for another task', async () => {
    const { code, stderr } = await residua(['train', '--dataset', several, '--task', 'single-label']);
    expect(code).toBe(2);
    expect(stderr).toContain('has any number of labels an image, and the task is single-label');
  });

  it('with its own validation images takes no others', async () => {
    const { code, stderr } = await residua(['train', '--dataset', several, '--validation', '5']);
    expect(code).toBe(2);
    expect(stderr).toContain('has 15 validation images of its own');
  });
});

describe("files in CIFAR's format", () => {
  it('are trained on by the recipe for CIFAR, as many as there are', async () => {
    const { config, result } = await run('cifar-run', '--dataset', cifar, '--epochs', '1', '--cutmix', '1');
    expect(config).toMatchObject({ recipe: 'cifar', model: 'resnet20', learningRate: 0.1, cutmix: 1 });
    expect(config.transforms.train[0]).toEqual({ name: 'RandomCrop', size: 32, padding: [4, 4] });
    expect(config.transforms.test.map(({ name }: { name: string }) => name)).toEqual(['ToTensor', 'Normalize']);
    expect(result.images).toBe(100);
    expect(result.test.images).toBe(30);
  });
});

it('a folder with nothing to train on says what is expected', async () => {
  const empty = join(root, 'empty');
  mkdirSync(empty);
  const { code, stderr } = await residua(['train', '--dataset', empty]);
  expect(code).toBe(1);
  expect(stderr).toContain(`${empty} has nothing to train on`);
  expect(stderr).toContain('train/CLASS/*.png');
});
