// Each check with what triggers it and with what barely does not; and all of them on the recipes as they are.

import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ArrayDataset, type Dataset, fromConfig, randomSplit } from '../../data/index.ts';
import { loadDataset } from '../../data/node.ts';
import { randomStream } from '../../tensor/random.ts';
import type { RunOverrides } from '../run/config.ts';
import { resolveRunConfig } from '../run/resolve-config.node.ts';
import { findDuplicates } from './duplicates.ts';
import { type PreflightWarning, preflight, type Situation } from './index.ts';

interface Made {
  readonly classes?: readonly string[];
  readonly labels?: readonly number[];
  readonly multiLabel?: boolean;
  readonly channels?: number;
  readonly size?: number;
  readonly seed?: number;
  /** Changes the random pixels. */
  readonly paint?: (value: number, i: number) => number;
}

/** Images of random pixels; as many as there are labels. */
function made({ classes = ['cat', 'dog'], labels = [0, 1, 0, 1], multiLabel = false, seed = 0, ...more }: Made = {}) {
  const { channels = 1, size = 8, paint = (value) => value } = more;
  const random = randomStream({ seed, purpose: 'augment' });
  const length = multiLabel ? labels.length / classes.length : labels.length;
  const images = new Uint8Array(length * channels * size * size).map((_, i) => paint(random.integer(256), i));
  const imageShape = [channels, size, size] as const;
  return new ArrayDataset({
    name: 'made',
    classes,
    imageShape,
    images,
    labels: Int32Array.from(labels).map(Number),
    multiLabel,
  });
}

const plain = [{ name: 'ToTensor' }];
const settings = resolveRunConfig({ recipe: 'digits' });

interface Given extends Partial<Omit<Situation, 'config' | 'augment' | 'preprocess'>> {
  readonly config?: RunOverrides;
  readonly augment?: readonly object[];
  readonly preprocess?: readonly object[];
}

/** Of a situation in which all is well but for what is given. */
function warningsOf({ config, augment = plain, preprocess = plain, ...more }: Given): PreflightWarning[] {
  return preflight({
    config: config ? resolveRunConfig({ dataset: 'mnist', ...config }) : settings,
    train: made(),
    validation: undefined,
    test: more.train && more.train.imageShape[0] !== 1 ? made({ seed: 1, channels: 3 }) : made({ seed: 1 }),
    augment: fromConfig(augment),
    preprocess: fromConfig(preprocess),
    steps: 1000,
    ...more,
  });
}

const checksOf = (given: Given) => warningsOf(given).map(({ check }) => check);

it('is silent where all is well', () => {
  expect(warningsOf({})).toEqual([]);
});

describe('flips', () => {
  const of = (classes: readonly string[], name = 'RandomHorizontalFlip', p?: number, channels = 1) => {
    const labels = Array.from({ length: 4 * classes.length }, (_, i) => i % classes.length);
    const sets = { train: made({ classes, labels, channels }), test: made({ classes, labels, channels, seed: 1 }) };
    return warningsOf({ ...sets, augment: [p === undefined ? { name } : { name, p }, ...plain] });
  };
  const digits = Array.from({ length: 10 }, (_, i) => `${i}`);

  it('of digits are named with the share, the classes and the images', () => {
    const [warning, ...others] = of(digits);
    expect(others).toEqual([]);
    expect(warning.check).toBe('flip');
    expect(warning.message).toContain('mirrors 50 % of the training images');
    expect(warning.message).toContain(
      "7 of the 10 classes don't survive that: 2, 3, 4, 5, 6 and 2 more (28 of 40 images)",
    );
    expect(of(digits, 'RandomHorizontalFlip', 0.2)[0].message).toContain('20 %');
    expect(of(digits, 'RandomVerticalFlip')[0].message).toContain('6 of the 10 classes');
    expect(of(['three', 'five'])).toHaveLength(1);
  });

  it('of classes that change places with others are named', () => {
    expect(of(['turn left', 'turn right', 'stop'])[0].message).toContain('2 of the 3 classes');
    expect(of(['arrow_up', 'arrow_down'], 'RandomVerticalFlip')).toHaveLength(1);
  });

  it('of ten digits or letters are named in colour, too; of a few, which may be names for anything, they are not', () => {
    expect(of(digits, 'RandomHorizontalFlip', 0.5, 3)).toHaveLength(1);
    expect(of(digits.slice(1), 'RandomHorizontalFlip', 0.5, 3)).toEqual([]);
    expect(of(['left', 'right'], 'RandomHorizontalFlip', 0.5, 3)).toHaveLength(1);
  });

  it('that change nothing are not', () => {
    expect(of(digits, 'RandomHorizontalFlip', 0)).toEqual([]);
    expect(of(['0', '1', '8'])).toEqual([]);
    expect(of(['A', 'M'])).toEqual([]);
    expect(of(['turn left', 'stop'])).toEqual([]);
    expect(of(['turn left', 'turn right'], 'RandomVerticalFlip')).toEqual([]);
    expect(of(['bright', 'dark'])).toEqual([]);
  });
});

describe('image sizes', () => {
  const padded = [{ name: 'Pad', padding: 1 }, ...plain];

  it('that differ after the transforms are named', () => {
    const [warning] = warningsOf({ augment: padded });
    expect(warning).toMatchObject({
      check: 'image-size',
      message: expect.stringContaining('10x10 in training, but 8x8'),
    });
    expect(warningsOf({ augment: padded, preprocess: padded })).toEqual([]);
  });

  it('that differ by a factor of two before them are, too', () => {
    const resized = [{ name: 'Resize', size: [8, 8] }, ...plain];
    // Of one colour each, so that resizing leaves them as they are.
    const even = (size: number) => made({ size, paint: (_, i) => 70 * Math.floor(i / (size * size)) });
    const sets = (size: number) => ({ train: even(20), test: even(size) });
    const of = (size: number) => warningsOf({ ...sets(size), augment: resized, preprocess: resized });
    expect(of(39)).toEqual([]);
    expect(of(40).map(({ message }) => message)).toEqual([expect.stringMatching(/20 pixels wide .* test images 40/)]);
    expect(of(10)).toHaveLength(1);
  });
});

describe('duplicates', () => {
  const train = made({ labels: [0, 1, 0, 1, 0] });
  const pixels = 64;
  /** Test images of which the second is the fourth of the training images, changed. */
  const copied = (change: (images: Uint8Array) => void, labels = [0, 1, 1]) => {
    const images = made({ labels, seed: 1 }).images.slice();
    images.set(train.images.subarray(3 * pixels, 4 * pixels), pixels);
    change(images);
    return new ArrayDataset({
      name: 'test',
      classes: train.classes,
      imageShape: train.imageShape,
      images,
      labels: Int32Array.from(labels),
    });
  };

  it('in the test and validation sets are named', () => {
    const test = copied(() => {});
    const [warning, ...others] = warningsOf({ train, test });
    expect(others).toEqual([]);
    expect(warning.check).toBe('duplicate-image');
    expect(warning.message).toContain(
      '1 of 3 test images (33.33 %) is in the training set, too: training image 3 is test image 1.',
    );
    expect(warning.message).not.toContain('another label');
    expect(warningsOf({ train, validation: test })[0].message).toContain('validation images');
    expect(warningsOf({ train, test: copied(() => {}, [0, 0, 1]) })[0].message).toContain(
      '1 of them has another label',
    );
  });

  it('are no duplicates when one bit of one pixel differs', () => {
    for (const place of [pixels, 2 * pixels - 1]) {
      const test = copied((images) => {
        images[place] ^= 1;
      });
      expect(warningsOf({ train, test })).toEqual([]);
    }
  });

  it('are each counted once, however often they stand in either set', () => {
    const twice = copied((images) => images.copyWithin(2 * pixels, pixels, 2 * pixels));
    const { pairs } = findDuplicates(randomSplit(train, [5], 0)[0], twice, { images: 100, bytes: 1e6 });
    expect(pairs.map(([, test]) => test).sort()).toEqual([1, 2]);
  });

  it('are looked for within a budget', () => {
    const counted = (dataset: Dataset): Dataset & { calls: number } => ({
      name: dataset.name,
      length: dataset.length,
      classes: dataset.classes,
      imageShape: dataset.imageShape,
      calls: 0,
      get(index) {
        this.calls++;
        return dataset.get(index);
      },
    });
    const [a, b] = [counted(train), counted(copied(() => {}))];
    expect(findDuplicates(a, b, { images: 4, bytes: 1e6 }).examined).toBe(2);
    expect(a.calls).toBe(2);
    expect(findDuplicates(a, b, { images: 100, bytes: 4 * pixels }).examined).toBe(2);
    expect(a.calls).toBe(4);
  });
});

describe('channels', () => {
  const colours = { channels: 3, labels: Array.from({ length: 40 }, (_, i) => i % 2) };

  it('that never change are named', () => {
    const train = made({ ...colours, paint: (value, i) => (i % 3 === 2 ? 7 : value) });
    const [warning, ...others] = warningsOf({ train });
    expect(others).toEqual([]);
    expect(warning.check).toBe('constant-channel');
    expect(warning.message).toContain('1 of 3 channels never changes in 40 training images: channel 2 is always 7');
    expect(warningsOf({ train: made(colours) })).toEqual([]);
  });

  it('that change in one pixel are not constant', () => {
    const last = 40 * 3 * 64 - 1;
    const paint = (value: number, i: number) => (i % 3 !== 2 ? value : i === last ? 8 : 7);
    expect(checksOf({ train: made({ ...colours, paint }) })).not.toContain('constant-channel');
  });

  const normalised = (mean: number, std: number) => [...plain, { name: 'Normalize', mean: [mean], std: [std] }];

  // Random bytes / 255: mean 0.5, deviation 0.29.
  it.each([
    ['a mean far from 0', normalised(-1.6, 1), normalised(-1.4, 1)],
    ['a deviation that is small', normalised(0.5, 3.2), normalised(0.5, 2.7)],
    ['a deviation that is large', normalised(0.5, 0.055), normalised(0.5, 0.062)],
    ['statistics in units of bytes', normalised(127.5, 74), plain],
  ])('with %s are not normalised', (_, wrong, right) => {
    const train = made({ labels: colours.labels });
    const warnings = warningsOf({ train, augment: wrong, preprocess: wrong });
    expect(warnings.map(({ check }) => check)).toEqual(['unnormalised-channel']);
    expect(warnings[0].advice).toMatch(/mean \[0\.(49|50?)\d?\] and std \[0\.2\d\d?\]/);
    expect(warningsOf({ train, augment: right, preprocess: right })).toEqual([]);
  });
});

describe('classes', () => {
  const spread = (...counts: number[]) => counts.flatMap((count, label) => Array.from({ length: count }, () => label));
  const classes = ['cat', 'dog', 'cow'];
  const test = made({ classes, labels: [0, 1, 2], seed: 1 });

  it('of which one has ten times the images of another are unbalanced', () => {
    expect(warningsOf({ train: made({ classes, labels: spread(39, 10, 4) }), test })).toEqual([]);
    const [warning, ...others] = warningsOf({ train: made({ classes, labels: spread(40, 10, 4) }), test });
    expect(others).toEqual([]);
    expect(warning.check).toBe('class-imbalance');
    expect(warning.message).toContain("'cat' has 40 training images and 'cow' 4: 10 times as many.");
  });

  it('without images are empty', () => {
    const [warning, ...others] = warningsOf({ train: made({ classes, labels: spread(4, 0, 4) }), test });
    expect(others).toEqual([]);
    expect(warning.check).toBe('empty-class');
    expect(warning.message).toContain('1 of the 3 classes has no image among the 8 to train on: dog');
    expect(warningsOf({ train: made({ classes, labels: spread(4, 1, 4) }), test })).toEqual([]);
  });

  it('without test images are not tested', () => {
    const train = made({ classes, labels: spread(4, 4, 4) });
    const [warning, ...others] = warningsOf({ train, test: made({ classes, labels: [0, 2], seed: 1 }) });
    expect(others).toEqual([]);
    expect(warning).toMatchObject({ check: 'untested-class', message: expect.stringContaining('to test on: dog') });
  });

  it('of several an image are unbalanced where nearly all images have the same answer', () => {
    const tagged = (length: number, positives: number) =>
      made({
        classes: ['sea', 'sun'],
        multiLabel: true,
        seed: length,
        labels: Array.from({ length: 2 * length }, (_, i) => Number(i % 2 === 0 ? i % 4 === 0 : i < 2 * positives)),
      });
    const both = { test: tagged(8, 4) };
    expect(checksOf({ train: tagged(200, 2), ...both })).toEqual([]);
    expect(checksOf({ train: tagged(200, 1), ...both })).toEqual(['class-imbalance']);
    expect(checksOf({ train: tagged(200, 199), ...both })).toEqual(['class-imbalance']);
    expect(checksOf({ train: tagged(200, 0), ...both })).toEqual(['empty-class']);
  });
});

describe('learning rates', () => {
  const found = (config: RunOverrides) => warningsOf({ config }).map(({ message }) => message);

  it.each<[string, RunOverrides, number, number]>([
    ['AdamW in its recipe', { recipe: 'digits' }, 1e-4, 0.03],
    ['Adam in its recipe', { recipe: 'article' }, 1e-5, 0.01],
    ['SGD in its recipe', { recipe: 'cifar' }, 0.001, 0.5],
    ['SGD in the recipe of AdamW', { recipe: 'digits', optimizer: 'sgd' }, 0.0003, 0.5],
    ['SGD without momentum', { recipe: 'digits', optimizer: { name: 'sgd' } }, 0.003, 5],
    ['SGD with large batches', { recipe: 'cifar', batchSize: 512, accumulate: 4 }, 0.001, 4],
  ])('of %s have a range', (_, config, least, most) => {
    for (const inside of [least * 1.001, most * 0.999]) expect(found({ ...config, learningRate: inside })).toEqual([]);
    for (const outside of [least * 0.99, most * 1.01]) {
      expect(found({ ...config, learningRate: outside })).toEqual([
        expect.stringMatching(`^The learning rate is ${outside}, .* from ${least} to ${most} as a rule`),
      ]);
    }
  });

  it('of weights that are tuned further may be smaller', () => {
    expect(found({ recipe: 'cifar', learningRate: 2e-4, weights: 'model.safetensors' })).toEqual([]);
    expect(found({ recipe: 'cifar', learningRate: 2e-4 })).toHaveLength(1);
  });
});

describe('weights', () => {
  it('that are frozen must come from somewhere', () => {
    expect(checksOf({ config: { freeze: ['stem'] } })).toEqual(['frozen-random-weights']);
    expect(checksOf({ config: { freeze: ['stem'], weights: 'model.safetensors' } })).toEqual([]);
  });

  it('that are averaged must get away from the first ones', () => {
    const ema = { decay: 0.999, warmUp: false };
    expect(checksOf({ config: { ema }, steps: 4600 })).toEqual(['average-of-first-weights']);
    expect(checksOf({ config: { ema }, steps: 4610 })).toEqual([]);
    expect(checksOf({ config: { ema: { ...ema, warmUp: true } }, steps: 10 })).toEqual([]);
  });
});

describe('the recipes as they are', () => {
  async function warningsOfRecipe(recipe: string, validationImages = 0): Promise<PreflightWarning[]> {
    const config = resolveRunConfig({ recipe });
    const train = await loadDataset(config.dataset, { split: 'train' });
    const test = await loadDataset(config.dataset, { split: 'test' });
    const [rest, validation] =
      validationImages > 0 ? randomSplit(train, [train.length - validationImages, validationImages], 0) : [train];
    const [augment, preprocess] = [fromConfig(config.transforms.train), fromConfig(config.transforms.test)];
    const steps = config.epochs * Math.ceil(rest.length / config.batchSize);
    return preflight({ config, train: rest, validation, test, augment, preprocess, steps });
  }

  it('digits: nothing, also with images held out', async () => {
    expect(await warningsOfRecipe('digits')).toEqual([]);
    expect(await warningsOfRecipe('digits', 5000)).toEqual([]);
  });

  it('article: its flips of digits, and nothing else', async () => {
    expect((await warningsOfRecipe('article')).map(({ check }) => check)).toEqual(['flip']);
  });

  it.skipIf(!existsSync('/usr/share/datasets/fashion-mnist'))('fashion-mnist: nothing', async () => {
    expect(await warningsOfRecipe('fashion-mnist')).toEqual([]);
  });

  it.each(['cifar', 'images'])('%s: nothing about its settings', (recipe) => {
    const config = resolveRunConfig({ recipe });
    const classes = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
    const labels = Array.from({ length: 40 }, (_, i) => i % 10);
    const sets = [0, 1].map((seed) => made({ classes, labels, channels: 3, size: 32, seed }));
    const [augment, preprocess] = [fromConfig(config.transforms.train), fromConfig(config.transforms.test)];
    const steps = config.epochs * 390;
    expect(
      preflight({ config, train: sets[0], validation: undefined, test: sets[1], augment, preprocess, steps }),
    ).toEqual([]);
  });
});
