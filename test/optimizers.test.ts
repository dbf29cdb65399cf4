// Optimizers on given gradients, against plain loops after the formulas in PyTorch's documentation, on every device.

import { describe, expect, it } from 'vitest';
import type { Device } from '../src/devices/device.ts';
import { Input, Variable } from '../src/tensor/index.ts';
import { Adam, AdamW, type Optimizer, SGD, type SGDOptions } from '../src/train/optimizers/index.ts';
import { relativeError } from './compare.ts';
import { devices } from './devices.ts';
import { distinctNumbers } from './numbers.ts';

const shape = [3, 5];
const initial = distinctNumbers(shape, { seed: 1 });
const learningRates = [0.1, 0.1, 0.05, 0.02, 0.01];
const gradientSets = learningRates.map((_, i) => distinctNumbers(shape, { seed: 10 + i }));

/** The parameter after all steps, and the optimizer's state. */
async function run(device: Device, create: (parameter: Variable) => Optimizer) {
  const parameter = new Variable(shape, initial.slice(), { trainable: true });
  const gradient = new Input('gradient', shape);
  const optimizer = create(parameter);
  const program = await device.compile({ outputs: {}, assignments: optimizer.assignments([gradient]) });
  for (const [i, learningRate] of learningRates.entries()) {
    await program.run({ gradient: gradientSets[i], ...optimizer.feeds(i + 1, learningRate) });
  }
  const state = new Map<string, ArrayLike<number>>();
  for (const [name, variable] of optimizer.state()) state.set(name, await device.read(variable));
  return { parameter: await device.read(parameter), state };
}

/** torch.optim.SGD's algorithm for one number. */
function sgdLoop(p: number, gradients: readonly number[], options: SGDOptions): number {
  const { momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
  let buffer: number | undefined;
  gradients.forEach((gradient, i) => {
    let g = gradient + weightDecay * p;
    if (momentum !== 0) {
      buffer = buffer === undefined ? g : momentum * buffer + (1 - dampening) * g;
      g = nesterov ? g + momentum * buffer : buffer;
    }
    p -= learningRates[i] * g;
  });
  return p;
}

/** torch.optim.Adam's and AdamW's algorithm for one number. */
function adamLoop(p: number, gradients: readonly number[], weightDecay: number, decoupled: boolean): number {
  const [beta1, beta2, eps] = [0.9, 0.999, 1e-8];
  let [m, v] = [0, 0];
  gradients.forEach((gradient, i) => {
    const learningRate = learningRates[i];
    if (decoupled) p -= learningRate * weightDecay * p;
    const g = decoupled ? gradient : gradient + weightDecay * p;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const mHat = m / (1 - beta1 ** (i + 1));
    const vHat = v / (1 - beta2 ** (i + 1));
    p -= (learningRate * mHat) / (Math.sqrt(vHat) + eps);
  });
  return p;
}

const expectedBy = (loop: (p: number, gradients: readonly number[]) => number): number[] =>
  Array.from(initial, (p, i) =>
    loop(
      p,
      gradientSets.map((set) => set[i]),
    ),
  );

const sgdCases: readonly SGDOptions[] = [
  {},
  { weightDecay: 0.1 },
  { momentum: 0.9 },
  { momentum: 0.9, dampening: 0.3, weightDecay: 0.01 },
  { momentum: 0.9, nesterov: true, weightDecay: 0.01 },
];

/** Five float32 steps; each rounds at 6e-8. */
const BOUND = 1e-6;

describe.each(devices)('on $name', ({ create }) => {
  it.each(sgdCases)('SGD with %j follows its formula', async (options) => {
    const device = await create();
    const { parameter } = await run(device, (p) => new SGD([p], options));
    expect(
      relativeError(
        parameter,
        expectedBy((p, g) => sgdLoop(p, g, options)),
      ),
    ).toBeLessThan(BOUND);
    await device.close();
  });

  it.each([0, 0.1])('Adam with weight decay %f follows its formula', async (weightDecay) => {
    const device = await create();
    const { parameter } = await run(device, (p) => new Adam([p], { weightDecay }));
    expect(
      relativeError(
        parameter,
        expectedBy((p, g) => adamLoop(p, g, weightDecay, false)),
      ),
    ).toBeLessThan(BOUND);
    await device.close();
  });

  it.each([undefined, 0.3])('AdamW with weight decay %s follows its formula (0.01 by default)', async (weightDecay) => {
    const device = await create();
    const { parameter, state } = await run(device, (p) => new AdamW([p], { weightDecay }));
    const expected = expectedBy((p, g) => adamLoop(p, g, weightDecay ?? 0.01, true));
    expect(relativeError(parameter, expected)).toBeLessThan(BOUND);
    expect([...state.keys()]).toEqual(['0.exp_avg', '0.exp_avg_sq']);
    await device.close();
  });

  it('groups have their own weight decay and learning rate', async () => {
    const device = await create();
    const [a, b] = [0, 1].map(() => new Variable([2], Float32Array.of(1, 2), { trainable: true }));
    const groups = [
      { parameters: [a], weightDecay: 0 },
      { parameters: [b], learningRateScale: 0.5 },
    ];
    const optimizer = new SGD(groups, { weightDecay: 0.1 });
    const gradients = [0, 1].map((i) => new Variable([2], Float32Array.of(i, 1)));
    const program = await device.compile({ outputs: {}, assignments: optimizer.assignments(gradients) });
    await program.run(optimizer.feeds(1, 0.2));
    expect(relativeError(await device.read(a), [1, 2 - 0.2])).toBeLessThan(BOUND);
    expect(relativeError(await device.read(b), [1 - 0.1 * (1 + 0.1), 2 - 0.1 * (1 + 0.2)])).toBeLessThan(BOUND);
    await device.close();
  });
});

describe('an optimizer refuses', () => {
  const parameter = new Variable([2], new Float32Array(2), { trainable: true });

  it('no parameters, and a parameter given twice', () => {
    expect(() => new SGD([])).toThrow('no parameters');
    expect(() => new Adam([parameter, parameter])).toThrow('twice');
  });

  it('options out of range', () => {
    expect(() => new SGD([parameter], { weightDecay: -1 })).toThrow('weightDecay must be at least 0, found -1');
    expect(() => new SGD([parameter], { nesterov: true })).toThrow('nesterov needs a momentum');
    expect(() => new Adam([parameter], { betas: [0.9, 1] })).toThrow('betas must be in [0, 1), found 0.9 and 1');
  });

  it('another number of gradients, a step 0 and a learning rate that is no number', () => {
    const optimizer = new SGD([parameter]);
    expect(() => optimizer.assignments([])).toThrow('1 parameters, but 0 gradients');
    expect(() => optimizer.feeds(0, 0.1)).toThrow('steps count from 1, found 0');
    expect(() => optimizer.feeds(1, Number.NaN)).toThrow('learningRate must be at least 0, found NaN');
  });
});
