import { describe, expect, it } from 'vitest';
import { type DatasetTraits, fromConfig, type InputShape } from '../data/index.ts';
import { type AugmentName, augmentNames, defaultTransforms, type TransformChoices } from './default-transforms.ts';

const traits = (imageShape: InputShape): DatasetTraits => ({
  imageShape,
  classes: ['a', 'b'],
  multiLabel: false,
  mean: Array(imageShape[0]).fill(0.4),
  std: Array(imageShape[0]).fill(0.2),
});
const shapes = (imageShape: InputShape, choices: Partial<TransformChoices> = {}) => {
  const { train, test } = defaultTransforms(traits(imageShape), { augment: 'flip', ...choices });
  return [train, test].map((list) => fromConfig(list).outputShape(imageShape));
};
const names = (augment: AugmentName, choices: Partial<TransformChoices> = {}) =>
  defaultTransforms(traits([3, null, null]), { augment, ...choices }).train.map(({ name }) => name);

describe('the usual transforms', () => {
  it.each<[string, InputShape, Partial<TransformChoices>, InputShape]>([
    ['leave CIFAR at its size', [3, 32, 32], {}, [3, 32, 32]],
    ['pad digits to what halves evenly', [1, 28, 28], {}, [1, 32, 32]],
    ['keep small images oblong', [1, 32, 48], {}, [1, 32, 48]],
    ['take up to 64 pixels as they are', [3, 64, 61], {}, [3, 64, 64]],
    ['bring larger images to 64', [3, 65, 65], {}, [3, 64, 64]],
    ['bring images of any size to 64', [1, null, null], {}, [1, 64, 64]],
    ['or to the size that is said', [3, null, null], { imageSize: 224 }, [3, 224, 224]],
    ['also where images are small', [3, 32, 32], { imageSize: 40 }, [3, 40, 40]],
    ['or much smaller', [3, 8, 8], {}, [3, 64, 64]],
    ['or larger', [3, 48, 48], { imageSize: 32 }, [3, 32, 32]],
  ])('%s', (_, imageShape, choices, expected) => {
    expect(shapes(imageShape, choices)).toEqual([expected, expected]);
  });

  it('vary training images as far as is said, each step with what is before it', () => {
    const geometry = ['Resize', 'RandomResizedCrop'];
    const numbers = ['ToTensor', 'Normalize'];
    expect(names('none')).toEqual(['Resize', 'CenterCrop', ...numbers]);
    expect(names('crop')).toEqual([...geometry, ...numbers]);
    expect(names('flip')).toEqual([...geometry, 'RandomHorizontalFlip', ...numbers]);
    expect(names('trivial', { erase: 0.1 })).toEqual([
      ...geometry,
      'RandomHorizontalFlip',
      'TrivialAugmentWide',
      ...numbers,
      'RandomErasing',
    ]);
    expect(names('rand')).toContain('RandAugment');
  });

  it.each(augmentNames)('%s: draw no random numbers in the test', (augment) => {
    const { test } = defaultTransforms(traits([3, null, null]), { augment, erase: 0.5 });
    expect(fromConfig(test).transforms.filter(({ random }) => random)).toEqual([]);
  });

  it('enlarge no crop: the smallest has the size of the network', () => {
    const { train } = defaultTransforms(traits([3, null, null]), { augment: 'crop', imageSize: 50 });
    const [{ size: shorterSide }, { size, scale }] = train as unknown as readonly { size: number; scale: number[] }[];
    expect(Math.sqrt(scale[0]) * shorterSide).toBeGreaterThanOrEqual(size);
  });
});
