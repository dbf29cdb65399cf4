// Checkpoints as programs write them, each a dict as the unpickler gives it.

import { describe, expect, it } from 'vitest';
import { findState } from './state-dict.ts';
import { TorchStorage, TorchTensor } from './torch-objects.ts';

const tensor = () => new TorchTensor(new TorchStorage('0', 'F32', 1), 'F32', 0, [1], [1]);
type Nested = { [key: string]: Nested | 'tensor' | number | string };
const dict = (content: Nested): Map<string, unknown> =>
  new Map(
    Object.entries(content).map(([key, value]) => {
      return [key, value === 'tensor' ? tensor() : typeof value === 'object' ? dict(value) : value];
    }),
  );
const net = { 'conv.weight': 'tensor', 'fc.bias': 'tensor' } as const;
const other = { 'conv.weight': 'tensor', 'fc.bias': 'tensor', 'more.weight': 'tensor' } as const;
const find = (content: Nested) => {
  const { tensors, notes } = findState(dict(content), 'x');
  return { names: [...tensors.keys()], notes };
};

describe('the state dict of a checkpoint', () => {
  it.each<[string, Nested, string[]]>([
    ['is the object itself', net, []],
    ['is under a usual name', { epoch: 1, model: net }, ["The weights are those under 'model'."]],
    ['is under any name, if it is the only one', { backbone: net }, ["The weights are those under 'backbone'."]],
    ['is deep inside', { run: { state: 1, model: net } }, ["The weights are those under 'run.model'."]],
    [
      'has tensors beside it that are no weights',
      { best: 'tensor', step: 'tensor', state_dict: net },
      ["The weights are those under 'state_dict'.", 'There are others, left alone: at the top.'],
    ],
    [
      'has an average and an optimizer beside it',
      { ema: other, model_state_dict: net, optimizer: { state: other }, optimizer_state_dict: other },
      ["The weights are those under 'model_state_dict'.", 'There are others, left alone: ema.'],
    ],
    ['holds something that is no tensor', { ...net, version: 3 }, ['Left out, being no tensors: version.']],
    [
      'has names behind two wrappers',
      { 'module._orig_mod.conv.weight': 'tensor', 'module._orig_mod.fc.bias': 'tensor' },
      ["'module._orig_mod.' was taken off each name."],
    ],
  ])('%s', (_, content, notes) => {
    expect(find(content)).toEqual({ names: Object.keys(net), notes });
  });

  it('keeps a word that is not before all names', () => {
    expect(find({ 'module.weight': 'tensor', 'fc.bias': 'tensor' }).names).toEqual(['module.weight', 'fc.bias']);
  });

  it.each<[string, unknown, string]>([
    ['there are only numbers', dict({ epoch: 3, loss: 0.5 }), 'x holds no state dict: its keys are epoch, loss'],
    ['it is empty', new Map(), 'holds no state dict'],
    ['it is one tensor', tensor(), 'it is a single tensor'],
    ['it is something else', 3, 'it is no dict'],
    ['keys are numbers', new Map([[0, tensor()]]), 'its keys are 0'],
  ])('is missing where %s', (_, root, message) => {
    expect(() => findState(root, 'x')).toThrow(message);
  });

  it('is found in a dict that holds itself', () => {
    const root = dict({ state_dict: net });
    root.set('model', root);
    expect([...findState(root, 'x').tensors.keys()]).toEqual(Object.keys(net));
  });
});
