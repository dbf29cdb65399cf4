// CIFAR-10 and CIFAR-100 in their binary version, which holds nothing but labels and pixels (the Python version is pickled,
// and a pickle is a program). CIFAR-100 has two labels an image, and so two entries: 100 classes, or their 20 groups.

import type { DataFile, DatasetDescription } from './description.ts';

/** 1 byte of label, 32 x 32 pixels in 3 planes. */
const CIFAR10_RECORD = 1 + 3 * 32 * 32;
const CIFAR100_RECORD = 2 + 3 * 32 * 32;

const source = 'Krizhevsky: Learning multiple layers of features from tiny images, 2009';
const mirrors = ['https://www.cs.toronto.edu/~kriz/', 'https://cave.cs.toronto.edu/kriz/'];

const batch = (name: string): DataFile => ({ name, size: 10_000 * CIFAR10_RECORD });

export const cifar10: DatasetDescription = {
  name: 'cifar10',
  title: 'CIFAR-10: photographs of ten kinds of things, 32x32 in colour',
  source,
  format: { name: 'cifar', labelBytes: 1, labelAt: 0 },
  imageShape: [3, 32, 32],
  classes: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
  splits: {
    train: { length: 50_000, files: [1, 2, 3, 4, 5].map((n) => batch(`data_batch_${n}.bin`)) },
    test: { length: 10_000, files: [batch('test_batch.bin')] },
  },
  archive: {
    name: 'cifar-10-binary.tar.gz',
    size: 170_052_171,
    md5: 'c32a1d4ab5d03f1284b67883e8d87530',
    directory: 'cifar-10-batches-bin',
  },
  mirrors,
  systemDirectories: [],
};

export const cifar100: DatasetDescription = {
  name: 'cifar100',
  title: 'CIFAR-100: photographs of a hundred kinds of things, 32x32 in colour',
  source,
  format: { name: 'cifar', labelBytes: 2, labelAt: 1 },
  imageShape: [3, 32, 32],
  classes: (
    'apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle ' +
    'caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant ' +
    'flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man ' +
    'maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree ' +
    'plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail ' +
    'snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout ' +
    'tulip turtle wardrobe whale willow_tree wolf woman worm'
  ).split(' '),
  mean: [0.5071, 0.4865, 0.4409],
  std: [0.2673, 0.2564, 0.2762],
  splits: {
    train: { length: 50_000, files: [{ name: 'train.bin', size: 50_000 * CIFAR100_RECORD }] },
    test: { length: 10_000, files: [{ name: 'test.bin', size: 10_000 * CIFAR100_RECORD }] },
  },
  archive: {
    name: 'cifar-100-binary.tar.gz',
    size: 168_513_733,
    md5: '03b5dce01913d631647c71ecec9e9cb8',
    directory: 'cifar-100-binary',
  },
  mirrors,
  systemDirectories: [],
};

export const cifar100Coarse: DatasetDescription = {
  ...cifar100,
  name: 'cifar100-coarse',
  title: 'CIFAR-100 by its twenty groups of five classes each',
  format: { name: 'cifar', labelBytes: 2, labelAt: 0 },
  classes: (
    'aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices ' +
    'household_furniture insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes ' +
    'large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles small_mammals trees ' +
    'vehicles_1 vehicles_2'
  ).split(' '),
  cacheName: 'cifar100',
};
