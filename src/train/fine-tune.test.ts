// Fine-tuning: which weights a model takes over, when its head is new, and what names mean to freezing.

import { describe, expect, it } from 'vitest';
import { createModel } from '../models/index.ts';
import type { Module, StateEntry } from '../nn/index.ts';
import { freezeStages, loadForFineTuning, stageStates, stagesOf } from './fine-tune.ts';

const create = (classes: number, seed: number, inChannels = 1): Module =>
  createModel('article-resnet', { classes, inChannels, imageSize: 8, layers: [1, 1, 1], widths: [2, 3, 4], seed });

const entriesOf = (model: Module): Map<string, StateEntry> =>
  new Map([...model.stateDict()].map(([name, { shape, value }]) => [name, { shape, data: value }]));

/** Names of the parameters that are equal in both. */
const shared = (a: Module, b: Module): string[] => {
  const [left, right] = [a.namedParameters(), b.namedParameters()];
  return [...left.keys()].filter((name) => `${left.get(name)!.value}` === `${right.get(name)!.value}`);
};
const names = [...create(3, 0).namedParameters().keys()];

describe('the weights of a file', () => {
  it('are taken over with their head where the classes are as many', () => {
    const [model, source] = [create(3, 0), create(3, 1)];
    expect(loadForFineTuning(model, entriesOf(source))).toEqual({ name: 'fc', replaced: null });
    expect(shared(model, source)).toEqual(names);
  });

  it('are taken over but for a head of other classes, which stays as it was', () => {
    const [model, untouched, source] = [create(3, 0), create(3, 0), create(5, 1)];
    expect(loadForFineTuning(model, entriesOf(source))).toEqual({ name: 'fc', replaced: 5 });
    expect(shared(model, source)).toEqual(names.filter((name) => !name.startsWith('fc.')));
    expect(shared(model, untouched)).toEqual(expect.arrayContaining(['fc.weight', 'fc.bias']));
  });

  it('need no counters of batch norms, which old files of PyTorch lack', () => {
    const entries = entriesOf(create(3, 1));
    for (const name of entries.keys()) if (name.endsWith('num_batches_tracked')) entries.delete(name);
    expect(() => loadForFineTuning(create(3, 0), entries)).not.toThrow();
  });

  it('are refused where anything but the head differs, and nothing is changed then', () => {
    const [model, untouched] = [create(3, 0), create(3, 0)];
    const load = (entries: ReadonlyMap<string, StateEntry>) => () => loadForFineTuning(model, entries);
    expect(load(entriesOf(create(5, 1, 3)))).toThrow('conv.weight: [2, 3, 3, 3] where the model has [2, 1, 3, 3]');
    const partial = entriesOf(create(3, 1));
    partial.delete('layer2.0.bn1.bias');
    partial.set('extra', { shape: [1], data: [0] });
    expect(load(partial)).toThrow(/missing keys \(1\):\n.*layer2.0.bn1.bias\n.*unexpected keys \(1\):\n.*extra/);
    const other = entriesOf(create(3, 1));
    other.set('fc.weight', { shape: [5, 7], data: new Float32Array(35) });
    expect(load(other)).toThrow('fc.weight: [5, 7] where the model has [3, 4]');
    expect(shared(model, untouched)).toEqual(names);
  });
});

describe('freezing', () => {
  it('knows the stem, the stages and the head', () => {
    expect(stagesOf(create(3, 0)).map(({ name }) => name)).toEqual(['stem', 'layer1', 'layer2', 'layer3', 'fc']);
  });

  it('keeps modules in evaluation mode and out of the trainable parameters', () => {
    const model = create(3, 0);
    freezeStages(model, ['stem', 'layer2.0.conv1']);
    model.train();
    const modes = [...model.namedModules()].filter(([, module]) => !module.training).map(([name]) => name);
    expect(modes).toEqual(['conv', 'bn', 'layer2.0.conv1']);
    const [conv, all] = [2 * 9, 2 * 9 + 4];
    const counts = stageStates(model).map(({ parameters, trainable }) => parameters - trainable);
    expect(counts).toEqual([all, 0, 3 * conv, 0, 0]);
    expect(model.trainableParameters().length).toBe(names.length - 4);
  });

  it('refuses names that the model does not have, and to freeze everything', () => {
    expect(() => freezeStages(create(3, 0), ['layer9'])).toThrow("no stage 'layer9'");
    expect(() => freezeStages(create(3, 0), ['stem', 'layer1', 'layer2', 'layer3', 'fc'])).toThrow('nothing to train');
  });
});
