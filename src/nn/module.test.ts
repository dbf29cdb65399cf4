import { describe, expect, it } from 'vitest';
import { readGolden, section } from '../../test/golden.ts';
import { createModel } from '../models/index.ts';
import { ancestors } from '../tensor/autograd.ts';
import { Input, type Tensor, Variable } from '../tensor/index.ts';
import { randomStream } from '../tensor/random.ts';
import { BatchNorm2d, Conv2d, Dropout, Linear, Module, ReLU, Sequential, type StateEntry, trace } from './index.ts';

const random = () => randomStream({ seed: 0, purpose: 'initialise' });

/** A buffer declared before a parameter, an array of modules, a module used under two names. */
class Sample extends Module {
  protected override readonly stateNames = { hiddenScale: 'hidden_scale' };
  readonly counter = new Variable([], new Int32Array(1), { dtype: 'int32' });
  readonly hiddenScale = new Variable([2], new Float32Array(2), { trainable: true });
  readonly blocks = [new Linear(2, 2, { random: random() }), new ReLU(), new Linear(2, 2, { random: random() })];
  readonly tied = this.blocks[0];
  readonly drop = new Dropout(0.5, { random: random() });

  override forward(x: Tensor): Tensor {
    return this.blocks.reduce((value, block) => block.forward(value), x);
  }
}

describe('stateDict', () => {
  it("has PyTorch's names in PyTorch's order for the article's network", () => {
    const model = createModel('article-resnet', { inChannels: 1, classes: 10, seed: 0 });
    const expected = section(readGolden('article-resnet-step'), 'state');
    expect([...model.stateDict().keys()]).toEqual([...expected.keys()]);
    for (const [name, variable] of model.stateDict()) expect(variable.shape, name).toEqual(expected.get(name)!.shape);
  });

  it('gives parameters before buffers and children, and numbers the items of arrays', () => {
    expect([...new Sample().stateDict().keys()]).toEqual([
      'hidden_scale',
      'counter',
      'blocks.0.weight',
      'blocks.0.bias',
      'blocks.2.weight',
      'blocks.2.bias',
      'tied.weight',
      'tied.bias',
    ]);
  });

  it('leaves non-persistent variables to namedState', () => {
    const sample = new Sample();
    const extra = [...sample.namedState().keys()].filter((name) => !sample.stateDict().has(name));
    expect(extra).toEqual(['drop.step']);
  });
});

describe('a module', () => {
  it('counts a shared parameter once', () => {
    expect([...new Sample().namedParameters().keys()]).toEqual([
      'hidden_scale',
      'blocks.0.weight',
      'blocks.0.bias',
      'blocks.2.weight',
      'blocks.2.bias',
    ]);
  });

  it('tells parameters from buffers', () => {
    const norm = new BatchNorm2d(3);
    expect([...norm.namedParameters().keys()]).toEqual(['weight', 'bias']);
    expect([...norm.namedBuffers().keys()]).toEqual(['running_mean', 'running_var', 'num_batches_tracked']);
  });

  it('switches all modules within between training and evaluation', () => {
    const model = new Sequential(new Sequential(new BatchNorm2d(2)), new ReLU());
    const modes = () => [...model.namedModules().values()].map((module) => module.training);
    expect(modes()).toEqual([true, true, true, true]);
    expect(model.eval()).toBe(model);
    expect(modes()).toEqual([false, false, false, false]);
    model.train();
    expect(modes()).toEqual([true, true, true, true]);
  });
});

describe('loadStateDict', () => {
  const layer = () => new Conv2d(1, 2, { kernelSize: 1, random: random() });
  const entries = (list: Record<string, StateEntry>) => new Map(Object.entries(list));
  const weight = { shape: [2, 1, 1, 1], data: Float32Array.of(3, 4) };
  const bias = { shape: [2], data: Float32Array.of(5, 6) };

  it('sets the values', () => {
    const conv = layer();
    expect(conv.loadStateDict(entries({ weight, bias }))).toEqual({ missing: [], unexpected: [] });
    expect([...conv.weight.value, ...conv.bias!.value]).toEqual([3, 4, 5, 6]);
  });

  it('takes int64 counters', () => {
    const norm = new BatchNorm2d(1);
    const counter = { shape: [], data: BigInt64Array.of(7n) };
    norm.loadStateDict(entries({ num_batches_tracked: counter }), { strict: false });
    expect(norm.batchesTracked.value).toEqual(Int32Array.of(7));
  });

  it('lists everything that does not fit, and then changes nothing', () => {
    const conv = layer();
    const before = conv.weight.value;
    const load = () => conv.loadStateDict(entries({ weight: { ...weight, shape: [2] }, scale: bias }));
    expect(load).toThrow(/missing keys \(1\):\n {4}bias/);
    expect(load).toThrow(/unexpected keys \(1\):\n {4}scale/);
    expect(load).toThrow('weight: [2] where the model has [2, 1, 1, 1]');
    expect(conv.weight.value).toBe(before);
  });

  it('returns missing and unexpected keys when it is not strict, but never takes a wrong shape', () => {
    const conv = layer();
    const report = conv.loadStateDict(entries({ weight, scale: bias }), { strict: false });
    expect(report).toEqual({ missing: ['bias'], unexpected: ['scale'] });
    expect([...conv.weight.value]).toEqual([3, 4]);
    const wrong = entries({ bias: { shape: [1], data: [1] } });
    expect(() => conv.loadStateDict(wrong, { strict: false })).toThrow('bias: [1] where the model has [2]');
  });
});

describe('trace', () => {
  it('gives the input and output of every module, children first, and leaves the model as it was', () => {
    const model = new Sequential(new Linear(2, 3, { random: random() }), new Sequential(new ReLU()));
    const x = new Input('x', [4, 2]);
    const { output, calls } = trace(model, x);
    expect(calls.map(({ name }) => name)).toEqual(['0', '1.0', '1', '']);
    expect(calls[0].input).toBe(x);
    expect(calls[1].input).toBe(calls[0].output);
    expect(calls.at(-1)!.output).toBe(output);
    expect(Object.keys(model)).not.toContain('forward');
    expect(ancestors(model.forward(x))).toHaveLength(ancestors(output).length);
  });
});
