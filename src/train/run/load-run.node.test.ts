// Weights that say nothing about themselves, as PyTorch's checkpoints do, with what their owner says about them.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../formats/safetensors.ts';
import { createModel } from '../../models/index.ts';
import { stateTensors } from '../model-file.ts';
import { loadRun, type WeightsDescription } from './load-run.node.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residua-weights-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file with the weights of a model and nothing else. */
async function bare(model: string, classes: number, inChannels: number): Promise<string> {
  const tensors = stateTensors(createModel(model, { classes, inChannels, seed: 3 }));
  const file = join(folder, `${model}-${classes}-${inChannels}.safetensors`);
  await writeFile(file, writeSafetensors(tensors, [['format', 'pt']]));
  return file;
}

const mnist: WeightsDescription = { model: 'article-resnet', dataset: 'mnist' };

describe('weights alone', () => {
  it('become the model that is named, with the classes of the data set and its preprocessing', async () => {
    const { model, card, preprocessing } = await loadRun(await bare('article-resnet', 10, 1), mnist);
    expect(card).toMatchObject({
      model: 'article-resnet',
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    });
    expect(`${preprocessing}`).toContain('Normalize(mean=[0.1307], std=[0.3081])');
    const first = createModel('article-resnet', { classes: 10, inChannels: 1, seed: 3 }).stateDict();
    expect(model.stateDict().get('fc.weight')!.value).toEqual(first.get('fc.weight')!.value);
    expect(model.training).toBe(false);
  });

  it("are prepared as a recipe's, where one is named: the article does not normalise", async () => {
    const file = await bare('article-resnet', 10, 1);
    const { preprocessing } = await loadRun(file, { ...mnist, recipe: 'article' });
    expect(`${preprocessing}`).toBe('Compose(Pad(padding=2, fill=0), ToTensor())');
  });

  it("of ImageNet's networks are prepared as torchvision does it", async () => {
    const { card, preprocessing } = await loadRun(await bare('resnet18', 7, 3), { model: 'resnet18' });
    expect(card.classes).toHaveLength(7);
    expect(card.imageShape).toEqual([3, null, null]);
    expect(preprocessing.config.map(({ name, size }) => [name, size])).toEqual([
      ['Resize', 256],
      ['CenterCrop', 224],
      ['ToTensor', undefined],
      ['Normalize', undefined],
    ]);
  });

  it.each<[string, WeightsDescription, string]>([
    ['nothing is said', {}, 'does not say which model it belongs to'],
    ['only the model is said', { model: 'article-resnet' }, 'does not say what article-resnet was trained on'],
    ['another model is said', { ...mnist, model: 'resnet20' }, "don't fit the model"],
    [
      'a data set of other classes is said',
      { ...mnist, dataset: 'cifar100' },
      'tells 10 classes apart, but cifar100 has 100',
    ],
    ['images of another size are said', { ...mnist, imageSize: 40 }, 'takes images of [1, 40, 40], but'],
  ])('are refused when %s', async (_, described, message) => {
    const file = await bare('article-resnet', 10, 1);
    await expect(loadRun(file, described)).rejects.toThrow(message);
  });
});
