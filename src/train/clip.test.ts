// Clipping of gradients that PyTorch's ten steps (test/golden/train10-clip-ema.test.ts) don't reach: short, zero and huge ones.

import { describe, expect, it } from 'vitest';
import { devices } from '../../test/devices.ts';
import { constant, Input, mul } from '../tensor/index.ts';
import { clipByGlobalNorm } from './clip.ts';

describe.each(devices)('clipping on $name', ({ create }) => {
  async function clip(a: readonly number[], b: readonly number[], maxNorm: number) {
    const device = await create();
    const inputs = [new Input('a', [a.length]), new Input('b', [1, b.length])];
    const { gradients, norm } = clipByGlobalNorm(
      inputs.map((input) => mul(input, constant(1))),
      maxNorm,
    );
    const program = await device.compile({ outputs: { a: gradients[0], b: gradients[1], norm } });
    const outputs = await program.run({ a: Float32Array.from(a), b: Float32Array.from(b) });
    await device.close();
    return { values: [...outputs.a, ...outputs.b], norm: outputs.norm[0] };
  }

  it('leaves gradients that are short enough as they are, to the bit', async () => {
    const values = [0.1, -0.2, 1e-9, 0.7].map(Math.fround);
    expect((await clip(values.slice(0, 2), values.slice(2), 1)).values).toEqual(values);
    expect(await clip([0, 0], [0], 1)).toEqual({ values: [0, 0, 0], norm: 0 });
  });

  it('shortens longer ones to the norm, in their direction, however long they are', async () => {
    for (const length of [1.0001, 2, 1e4, 1e12]) {
      const { values, norm } = await clip([0.6 * length], [0.8 * length], 1);
      expect(norm / length).toBeCloseTo(1, 6);
      expect(values[0]).toBeCloseTo(0.6, 5);
      expect(values[1]).toBeCloseTo(0.8, 5);
    }
  });

  it('does not hide what is no number', async () => {
    expect((await clip([Number.NaN], [1], 1)).values).toEqual([Number.NaN, Number.NaN]);
  });
});
