// A model file: PyTorch can load it, it builds the same model again, and a wrong one is refused with a reason.

import { describe, expect, it } from 'vitest';
import { tinyModel } from '../../test/tiny.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import { type ModelCard, readModelFile, writeModelFile } from './model-file.ts';

const card: ModelCard = {
  model: 'article-resnet',
  options: { classes: 3, inChannels: 1, imageSize: 8, dropout: 0.1, layers: [1, 1, 1], widths: [4, 4, 8] },
  classes: ['a', 'b', 'c'],
  imageShape: [1, 6, 6],
  preprocessing: [{ name: 'Pad', padding: 1 }, { name: 'ToTensor' }],
  task: 'single-label',
  dataset: 'squares',
};

/** The file with its card changed. */
function withCard(text: string | undefined): Uint8Array {
  const { tensors, metadata } = readSafetensors(writeModelFile(tinyModel(), card), 'x');
  const others = [...metadata].filter(([key]) => key !== 'residua');
  return writeSafetensors(tensors, text === undefined ? others : [...others, ['residua', text]]);
}
const withField = (field: Partial<Record<keyof ModelCard, unknown>>) => withCard(JSON.stringify({ ...card, ...field }));

describe('a model file', () => {
  it("has PyTorch's names and types, and says that it is PyTorch's", () => {
    const { tensors, metadata } = readSafetensors(writeModelFile(tinyModel(), card), 'x');
    expect(metadata.get('format')).toBe('pt');
    expect(tensors.get('conv.weight')).toMatchObject({ dtype: 'F32', shape: [4, 1, 3, 3] });
    expect(tensors.get('layer2.0.downsample.1.running_var')).toMatchObject({ dtype: 'F32', shape: [4] });
    expect(tensors.get('bn.num_batches_tracked')).toEqual({ dtype: 'I64', shape: [], data: BigInt64Array.of(0n) });
    expect([...tensors.keys()].filter((name) => name.includes('step'))).toEqual([]);
  });

  it('gives back the model, ready to predict, and what its images and classes are', () => {
    const model = tinyModel(4);
    model.stateDict().get('bn.running_mean')!.value.fill(0.5);
    const opened = readModelFile(writeModelFile(model, card), 'x');
    expect(opened.card).toEqual(card);
    expect(opened.model.training).toBe(false);
    expect(opened.preprocessing.outputShape(card.imageShape)).toEqual([1, 8, 8]);
    const values = (of: typeof model) => [...of.stateDict()].map(([name, { value }]) => [name, ...value]);
    expect(values(opened.model)).toEqual(values(model));
  });
});

describe('a model file is refused', () => {
  it.each([
    ['has no card', withCard(undefined), "x does not say which model it belongs to ('residua'"],
    ['has a card that is not JSON', withCard('{'), 'description is not JSON'],
    ['has a card that is not an object', withCard('null'), "wrong 'model': undefined"],
    ['names no model that is known', withField({ model: 'vgg' }), "x: there is no model called 'vgg'"],
    ['has classes without names', withField({ classes: [1, 2, 3] }), "wrong 'classes': [1,2,3]"],
    ['has an image of two numbers', withField({ imageShape: [6, 6] }), "wrong 'imageShape'"],
    ['has an unknown transform', withField({ preprocessing: [{ name: 'Blur' }] }), 'x: transforms[0] has the unknown'],
    ['has an unknown task', withField({ task: 'detection' }), 'wrong \'task\': "detection"'],
    ['has weights of another model', withField({ options: { ...card.options, widths: [4, 8, 8] } }), "don't fit"],
  ])('that %s', (_, bytes, message) => {
    expect(() => readModelFile(bytes, 'x')).toThrow(message);
  });
});
