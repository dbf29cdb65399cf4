import { describe, expect, it } from 'vitest';
import type { Graph } from '../devices/device.ts';
import {
  add,
  assign,
  batchNorm,
  channelMean,
  channelVariance,
  constant,
  conv2d,
  gradients,
  Input,
  mul,
  relu,
  sum,
  Variable,
} from '../tensor/index.ts';
import { plan } from './compile.ts';
import type { Item, Pass } from './fusion.ts';

const variable = (...shape: number[]) =>
  new Variable(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)), { trainable: true });
const isPass = (item: Item): item is Pass => item.kind === 'pass';
/** Passes over whole images, not over vectors of channels. */
const imagePasses = (graph: Graph): Pass[] =>
  plan(graph)
    .items.filter(isPass)
    .filter(({ roots, sums }) => [...roots, ...sums.map(({ inputs }) => inputs[0])].some(({ view }) => view.h > 1));
const singles = (graph: Graph): string[] =>
  plan(graph).items.flatMap((item) => (item.kind === 'single' ? [item.value.operation] : []));

describe('fusion', () => {
  const x = new Input('x', [4, 8, 6, 6]);
  const [weight, bias] = [variable(8), variable(8)];
  const training = (input = conv2d(x, variable(8, 8, 3, 3), { padding: 1 })) =>
    relu(batchNorm(input, { mean: channelMean(input), variance: channelVariance(input) }, { weight, bias }));

  it('computes a batch norm in training, with what follows, in one walk after that for the statistics', () => {
    const [statistics, normalise, ...others] = imagePasses({ outputs: { y: add(training(), x) } });
    expect(others).toEqual([]);
    expect([statistics.sums.length, statistics.roots.length]).toEqual([2, 0]);
    expect(normalise.body.map(({ operation }) => operation)).toEqual(['sub', 'mul', 'add', 'relu', 'add']);
    expect(normalise.roots).toHaveLength(1);
  });

  it('computes its gradient in two walks: one for two sums, one for the result', () => {
    const input = new Input('input', [4, 8, 6, 6]);
    const y = training(mul(input, constant(2)));
    const passes = imagePasses({ outputs: { gradient: gradients(sum(mul(y, y)), [input])[0] } });
    const backward = passes.slice(-2);
    expect(backward.map(({ sums }) => sums.length)).toEqual([2, 0]);
    expect(backward[1].roots).toHaveLength(1);
  });

  it("finds the ReLU's mask from the norm's input, which it loads anyway, instead of loading it", () => {
    const input = conv2d(x, variable(8, 8, 3, 3), { padding: 1 });
    const next = conv2d(training(input), variable(8, 8, 3, 3), { padding: 1 });
    const [gradient] = gradients(sum(mul(next, next)), [x]);
    const masked = imagePasses({ outputs: { gradient } }).filter(({ body }) =>
      body.some(({ operation }) => operation === 'reluGradient'),
    );
    expect(masked.length).toBeGreaterThan(0);
    for (const { leaves, body } of masked) {
      expect(leaves.filter(({ view }) => view.h > 1).map(({ operation }) => operation)).not.toContain('relu');
      expect(body.map(({ operation }) => operation)).toContain('relu');
    }
  });

  it('stores only what is read again', () => {
    const y = relu(add(mul(x, x), constant(1)));
    const [pass, ...others] = imagePasses({ outputs: { y } });
    expect(others).toEqual([]);
    expect(pass.roots.map(({ operation }) => operation)).toEqual(['relu']);
  });

  it('does a whole optimizer step of a parameter in one walk', () => {
    const [p, momentum] = [variable(8, 8, 3, 3), variable(8, 8, 3, 3)];
    const [gradient] = gradients(sum(conv2d(x, p)), [p]);
    const next = add(mul(momentum, constant(0.9)), gradient);
    const assignments = [assign(momentum, next), assign(p, add(p, mul(next, constant(-0.1))))];
    const update = plan({ outputs: {}, assignments }).items.filter(isPass).at(-1)!;
    expect(update.roots).toHaveLength(2);
  });

  it('updates vectors many at a time, but not more than a function can have as parameters', () => {
    const vectors = Array.from({ length: 700 }, () => [variable(16), variable(16)]);
    const assignments = vectors.flatMap(([p, m]) => {
      const next = mul(m, constant(0.9));
      return [assign(m, next), assign(p, add(p, next))];
    });
    const counters = Array.from({ length: 1200 }, () => new Variable([], Int32Array.of(0), { dtype: 'int32' }));
    const counted = counters.map((counter) => assign(counter, add(counter, constant(1, { integer: true }))));
    const passes = plan({ outputs: {}, assignments: [...assignments, ...counted] }).items.filter(isPass);
    const operands = passes.map(({ roots, leaves }) => roots.length + leaves.length);
    expect(Math.max(...operands)).toBeLessThan(1000);
    expect(passes.length).toBeLessThan(20);
    // Both vectors of a pair are updated where they are loaded.
    for (const { roots, leaves } of passes) expect(leaves.length - 1).toBe(roots.length);
  });

  it('puts a batch norm with fixed statistics into the convolution before it', () => {
    const statistics = { mean: variable(8), variance: variable(8) };
    const y = relu(batchNorm(conv2d(x, variable(8, 8, 3, 3)), statistics, { weight, bias }));
    const [pass, ...others] = imagePasses({ outputs: { y } }).filter(({ roots: [{ view }] }) => view.n === 4);
    expect(others).toEqual([]);
    expect(pass.body.map(({ operation }) => operation)).toEqual(['add', 'relu']);
  });
});

describe('values', () => {
  it('that are the same are computed once', () => {
    const [x, w] = [new Input('x', [1, 4, 5, 5]), variable(4, 4, 3, 3)];
    expect(singles({ outputs: { y: add(conv2d(x, w), mul(conv2d(x, w), constant(2))) } })).toEqual(['conv2d']);
  });

  it('that nothing needs are not computed', () => {
    const x = new Input('x', [1, 4, 5, 5]);
    const w = variable(4, 4, 3, 3);
    const y = conv2d(x, w);
    expect(singles({ outputs: { gradient: gradients(sum(y), [w])[0] } })).not.toContain('conv2d');
  });
});

describe('assignments', () => {
  it('are done in place, after all that reads the old value', () => {
    const a = variable(4, 3);
    const { inPlace, deferred } = plan({ outputs: { y: sum(a) }, assignments: [assign(a, mul(a, a))] });
    expect([inPlace.size, deferred.length]).toEqual([1, 0]);
  });

  it('of two variables to each other need a copy', () => {
    const [a, b] = [variable(4, 3), variable(4, 3)];
    const { inPlace, deferred } = plan({ outputs: {}, assignments: [assign(a, mul(b, b)), assign(b, mul(a, a))] });
    expect([inPlace.size, deferred.length]).toEqual([1, 1]);
  });

  it('wait for the end where the old value and something made of the new one are read together', () => {
    const a = variable(4, 3);
    const next = mul(a, a);
    const { inPlace, deferred } = plan({ outputs: { y: mul(a, sum(next)) }, assignments: [assign(a, next)] });
    expect([inPlace.size, deferred.length]).toEqual([0, 1]);
  });
});
