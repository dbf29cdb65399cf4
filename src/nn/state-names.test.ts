import { describe, expect, it } from 'vitest';
import { createModel } from '../models/index.ts';
import type { StateEntry } from './load-state.ts';
import { fitStateNames, matchNames } from './state-names.ts';

const stateOf = (name: string) => createModel(name, { classes: 3, inChannels: 3, seed: 0, imageSize: 32 }).stateDict();
const article = [...stateOf('article-resnet').keys()];

/** What the article's network is called by torchvision, and by the well-known programs for CIFAR. */
const torchvision = article.map((name) => name.replace(/^conv\./, 'conv1.').replace(/^bn\./, 'bn1.'));
const cifar = torchvision.map((name) => name.replace('downsample', 'shortcut').replace(/^fc\./, 'linear.'));

describe("names of another program's weights", () => {
  it.each([
    ['its own', article],
    ["torchvision's", torchvision],
    ['with shortcut and linear', cifar],
    ['behind the word of a wrapper', torchvision.map((name) => `net.model.${name}`)],
  ])('%s, in either direction', (_, names) => {
    expect(names.map((name) => matchNames(names, article).get(name))).toEqual(article);
    expect(article.map((name) => matchNames(article, names).get(name))).toEqual(
      names.some((name) => name.startsWith('net.')) ? names.map(() => undefined) : names,
    );
  });

  it('are left alone where a model uses both spellings', () => {
    const wanted = ['conv.weight', 'conv1.weight', 'fc.weight'];
    const matched = matchNames(['conv.weight', 'fc.weight'], wanted);
    expect(Object.fromEntries(matched)).toEqual({ 'conv.weight': 'conv.weight', 'fc.weight': 'fc.weight' });
    expect([...matchNames(['linear.weight', 'head.weight'], wanted)]).toEqual([]);
  });

  it('of pre-activation networks, whose last norm is no stem', () => {
    const names = [...stateOf('preact-resnet20').keys()];
    expect(names.map((name) => matchNames(names, names).get(name))).toEqual(names);
  });
});

describe('a fitted state', () => {
  const model = createModel('article-resnet', { classes: 3, inChannels: 3, seed: 0 });
  const state = model.stateDict();
  const entriesOf = (names: readonly string[]) =>
    new Map<string, StateEntry>([...state.values()].map(({ shape, value: data }, i) => [names[i], { shape, data }]));

  it('loads, and says what was read how', () => {
    const { entries, notes } = fitStateNames(entriesOf(torchvision), state);
    expect([...entries.keys()]).toEqual(article);
    expect(model.loadStateDict(entries)).toEqual({ missing: [], unexpected: [] });
    expect(notes).toEqual(['Layers have other names in the file: conv1 is conv here, bn1 is bn here.']);
    expect(fitStateNames(entriesOf(article), state).notes).toEqual([]);
  });

  it('does without the counters that old files lack', () => {
    const entries = entriesOf(article);
    for (const name of article) if (name.endsWith('num_batches_tracked')) entries.delete(name);
    expect(() => model.loadStateDict(entries)).toThrow('missing keys');
    model.loadStateDict(fitStateNames(entries, state).entries);
  });

  it('keeps names that fit nothing, for the error to list them', () => {
    const entries = entriesOf(torchvision);
    entries.set('extra.weight', { shape: [1], data: [1] });
    entries.delete('conv1.weight');
    expect(() => model.loadStateDict(fitStateNames(entries, state).entries)).toThrow(
      /missing keys \(1\):\n {4}conv.weight\n {2}unexpected keys \(1\):\n {4}extra.weight/,
    );
  });
});
