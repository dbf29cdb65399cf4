// Passes by themselves: against arithmetic in JavaScript, and bit for bit on narrow and on wide vectors, whole and unit by unit.

import { beforeAll, describe, expect, it } from 'vitest';
import { createHarness, type Order } from '../../../../test/kernel-harness.ts';
import type { View } from '../../../compiler/view.ts';
import { randomStream } from '../../../tensor/random.ts';
import { detectFeatures } from '../features.ts';
import { type Halo, noHalo } from '../geometry.ts';
import type { Image } from '../step.ts';
import { prepareV8 } from '../v8-flags.node.ts';
import { partBytes } from './channel-sums.ts';
import { passKernel } from './pointwise.ts';
import type { PassNode } from './pointwise-operations.ts';

/** An operand: which axes it has of its own, as in `nhwc`, and its halo. */
interface Operand {
  readonly axes: string;
  readonly halo?: Halo;
}

interface Case {
  readonly view: View;
  readonly operands: readonly Operand[];
  readonly nodes: readonly PassNode[];
  readonly stores: readonly { readonly value: number; readonly halo?: Halo }[];
  readonly sums: readonly number[];
}

const random = randomStream({ seed: 11, purpose: 'augment' });
const fround = Math.fround;
const node = (operation: string, ...inputs: number[]): PassNode => ({
  operation,
  inputs,
  attributes: {},
  integer: false,
});

/** Each operation as it is without fused ones. */
const plain: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => fround(a + b),
  sub: (a, b) => fround(a - b),
  mul: (a, b) => fround(a * b),
  div: (a, b) => fround(a / b),
  relu: (a) => Math.max(a, 0),
  reluGradient: (a, y) => (y > 0 ? a : 0),
};

const own = ({ n, h, w, c }: View, axes: string): View => ({
  n: axes.includes('n') ? n : 1,
  h: axes.includes('h') ? h : 1,
  w: axes.includes('w') ? w : 1,
  c: axes.includes('c') ? c : 1,
});

/** Number of an element, in PyTorch's order, in a tensor that may be repeated along axes. */
const indexIn = (v: View, n: number, c: number, h: number, w: number): number =>
  (((v.n > 1 ? n : 0) * v.c + (v.c > 1 ? c : 0)) * v.h + (v.h > 1 ? h : 0)) * v.w + (v.w > 1 ? w : 0);

function expectedOf({ view, operands, nodes, stores, sums }: Case, values: readonly Float32Array[]) {
  const count = view.n * view.c * view.h * view.w;
  const results = stores.map(() => new Float32Array(count));
  const totals = sums.map(() => new Float64Array(view.c));
  let element = 0;
  for (let n = 0; n < view.n; n++)
    for (let c = 0; c < view.c; c++)
      for (let h = 0; h < view.h; h++)
        for (let w = 0; w < view.w; w++) {
          const computed = operands.map(({ axes }, i) => values[i][indexIn(own(view, axes), n, c, h, w)]);
          for (const { operation, inputs } of nodes) {
            computed.push(plain[operation](computed[inputs[0]], computed[inputs[1]]));
          }
          stores.forEach(({ value }, i) => {
            results[i][element] = computed[value];
          });
          sums.forEach((value, i) => {
            totals[i][c] += computed[value];
          });
          element++;
        }
  return { results, totals };
}

interface Mode {
  readonly wide: boolean;
  readonly relaxed: boolean;
  readonly order: Order;
}

function found(shape: Case, values: readonly Float32Array[], { wide, relaxed, order }: Mode) {
  const { view, operands, nodes, stores, sums } = shape;
  const h = createHarness({ relaxed, wide });
  const inputs = operands.map(({ axes, halo = noHalo }) => h.image(own(view, axes), halo));
  const outputs = stores.map(({ halo = noHalo }) => h.image(view, halo));
  inputs.forEach((image, i) => {
    h.fill(image, values[i]);
  });
  for (const image of outputs) h.clear(image);
  const { kernel, units, threadBytes } = passKernel(h.emitter, {
    view,
    leaves: inputs.map(({ geometry }) => ({ kind: 'memory', geometry })),
    nodes,
    stores: outputs.map(({ geometry }, i) => ({ value: stores[i].value, geometry })),
    sums,
  });
  const partials = sums.map(() => h.emitter.scratch('partial sums', partBytes(view.c) * units));
  const bufferOf = ({ buffer }: Image) => buffer;
  const [reads, writes] = [inputs.map(bufferOf), [...outputs.map(bufferOf), ...partials]];
  const scratch = sums.length > 0 ? [{ threadBytes }] : [];
  h.emitter.step({ name: 'pass', kernel, arguments: [...reads, ...writes, ...scratch], units, reads, writes });
  h.run(order);
  return {
    results: outputs.map((image) => h.read(image)),
    totals: partials.map((buffer) => h.sumOfParts(buffer, units, view.c)),
    memory: writes.map((buffer) => h.memoryOf({ buffer })),
    isZeroAround: outputs.every((image) => h.isZeroAround(image)),
  };
}

/** Whether there are other bits in them. */
const differ = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) !== 0;

let relaxed = false;

function check(shape: Case): void {
  const values = shape.operands.map(({ axes }) => {
    const { n, h, w, c } = own(shape.view, axes);
    return Float32Array.from({ length: n * h * w * c }, () => 2 * random.uniform() - 1);
  });
  const expected = expectedOf(shape, values);
  const result = found(shape, values, { wide: false, relaxed: false, order: 'whole' });
  result.results.forEach((values, i) => {
    expect(differ(values, expected.results[i]), 'what is stored').toBe(false);
  });
  expect(result.isZeroAround, 'halos and pad channels').toBe(true);
  const pixels = shape.view.n * shape.view.h * shape.view.w;
  expected.totals.forEach((totals, i) => {
    const errors = totals.map((total, c) => Math.abs(result.totals[i][c] - total) / pixels);
    expect(Math.max(...errors), 'sums').toBeLessThan(1e-6);
  });
  const narrow = found(shape, values, { wide: false, relaxed, order: 'whole' });
  const wide = found(shape, values, { wide: true, relaxed, order: 'scattered' });
  narrow.memory.forEach((bits, i) => {
    expect(differ(bits, wide.memory[i]), 'any order, any width of vectors').toBe(false);
  });
}

const one: Halo = { top: 1, left: 1, bottom: 1, right: 1 };
const corner: Halo = { top: 1, left: 1, bottom: 0, right: 0 };
const full: Operand = { axes: 'nhwc' };
const aChannel: Operand = { axes: 'c' };

/** relu((x - mean) * scale + shift) */
const normalised = [node('sub', 0, 1), node('mul', 4, 2), node('add', 5, 3), node('relu', 6)];

const channelCounts = [1, 2, 3, 4, 5, 8, 11, 12, 16, 17, 20, 24, 33, 64, 72];

describe('a pass', () => {
  beforeAll(() => {
    prepareV8();
    relaxed = detectFeatures().relaxedSimd;
  });

  describe.each(channelCounts)('over %i channels', (c) => {
    const view = { n: 3, h: 6, w: 8, c };
    const channels = [full, aChannel, aChannel, aChannel];

    it.each([
      ['no halo', undefined],
      ['a halo', one],
      ['a halo on two sides', corner],
    ] as const)('normalises into %s', (_, halo) => {
      check({ view, operands: channels, nodes: normalised, stores: [{ value: 7, halo }], sums: [] });
    });

    it('stores nothing and adds up channels', () => {
      check({ view, operands: channels, nodes: normalised, stores: [], sums: [5, 7] });
    });

    it('adds up channels of what it stores, from images with and without halo', () => {
      const operands = [full, full, { axes: 'nhwc', halo: one }, full, aChannel];
      const nodes = [node('add', 0, 1), node('reluGradient', 5, 2), node('sub', 3, 4), node('mul', 6, 7)];
      check({ view, operands, nodes, stores: [{ value: 6 }], sums: [6, 8] });
      check({ view, operands, nodes, stores: [{ value: 6, halo: corner }], sums: [6, 8, 7] });
    });

    it('adds up channels of an odd number of columns', () => {
      check({ view: { n: 2, h: 5, w: 7, c }, operands: [full], nodes: [], stores: [], sums: [0] });
      const operands = [{ axes: 'nhwc', halo: one }, aChannel];
      check({ view: { n: 2, h: 5, w: 7, c }, operands, nodes: [node('mul', 0, 1)], stores: [], sums: [2, 0] });
    });

    it('works on neighbours without regard to channels', () => {
      const operands = [full, full, { axes: '' }];
      const nodes = [node('mul', 0, 2), node('add', 3, 1), node('div', 0, 1)];
      check({ view, operands, nodes, stores: [{ value: 4 }, { value: 5 }], sums: [] });
      check({ view: { n: 1, h: 1, w: 1, c }, operands, nodes, stores: [{ value: 4 }, { value: 5 }], sums: [] });
    });
  });

  describe.each([1, 3, 4, 20])('over %i channels', (c) => {
    const view = { n: 3, h: 6, w: 8, c };

    it.each(['n', 'nc', 'nhw', 'h', 'w', 'wc', 'hw', 'hc', 'hwc', 'nh'])(
      'repeats an operand that has the axes %s',
      (axes) => {
        const nodes = [node('mul', 0, 1), node('add', 2, 0)];
        check({ view, operands: [full, { axes }], nodes, stores: [{ value: 3, halo: one }], sums: [] });
        check({ view, operands: [full, { axes }], nodes, stores: [{ value: 3 }], sums: [2] });
      },
    );
  });

  it.each([
    { n: 1, h: 1, w: 1, c: 10 },
    { n: 4, h: 32, w: 32, c: 16 },
    { n: 5, h: 1, w: 1, c: 512 },
    { n: 2, h: 7, w: 7, c: 512 },
    { n: 7, h: 28, w: 28, c: 1 },
    { n: 2, h: 300, w: 1, c: 3 },
    { n: 1, h: 3, w: 700, c: 8 },
  ])('over $n x $h x $w x $c', (view) => {
    const operands = [full, aChannel, aChannel, aChannel];
    for (const halo of [undefined, one]) {
      check({ view, operands, nodes: normalised, stores: [{ value: 7, halo }], sums: [5] });
      check({ view, operands, nodes: normalised, stores: [{ value: 7, halo }], sums: [] });
    }
  });
});
