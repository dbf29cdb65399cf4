// What the reference device decides where several answers are possible. Its numbers are compared with PyTorch's in
// test/golden and with finite differences.

import { describe, expect, it } from 'vitest';
import * as t from '../../tensor/index.ts';
import { assign, Input, type Tensor, Variable } from '../../tensor/index.ts';
import { philox4x32 } from '../../tensor/random.ts';
import { createReferenceDevice } from './device.ts';

const variable = (shape: number[], values: number[]) => new Variable(shape, Float32Array.from(values));
const labelsOf = (...labels: number[]) => new Variable([labels.length], Int32Array.from(labels), { dtype: 'int32' });

async function compute(tensor: Tensor): Promise<number[]> {
  const program = await createReferenceDevice().compile({ outputs: { tensor } });
  return [...(await program.run({})).tensor];
}

describe('the reference device', () => {
  it('lets NaN through relu and max pooling', async () => {
    expect(await compute(t.relu(variable([3], [Number.NaN, -1, 2])))).toEqual([Number.NaN, 0, 2]);
    const x = variable([1, 1, 2, 2], [5, Number.NaN, 7, 1]);
    expect(await compute(t.maxPool2d(x, 2))).toEqual([Number.NaN]);
  });

  it('passes no gradient through relu at 0', async () => {
    const x = variable([3], [-1, 0, 1]);
    expect(await compute(t.gradients(t.sum(t.relu(x)), [x])[0])).toEqual([0, 0, 1]);
  });

  it('gives the gradient of equal maxima to the first in row-major order', async () => {
    const x = variable([1, 1, 2, 2], [3, 3, 3, 3]);
    expect(await compute(t.gradients(t.sum(t.maxPool2d(x, 2)), [x])[0])).toEqual([1, 0, 0, 0]);
  });

  it('ignores padding in max pooling and counts it in average pooling', async () => {
    const x = variable([1, 1, 1, 1], [-4]);
    expect(await compute(t.maxPool2d(x, 2, { padding: 1 }))).toEqual([-4]);
    expect(await compute(t.avgPool2d(x, 2, { padding: 1 }))).toEqual([-1]);
  });

  it('does not overflow in the losses', async () => {
    const logits = variable([2, 2], [1e4, -1e4, -1e4, 1e4]);
    expect(await compute(t.softmaxCrossEntropy(logits, labelsOf(0, 0)))).toEqual([1e4]);
    expect(await compute(t.binaryCrossEntropy(logits, variable([2, 2], [1, 0, 1, 0])))).toEqual([5e3]);
  });

  it('names the position of a label that is no class', async () => {
    const logits = variable([3, 2], [1, 2, 3, 4, 5, 6]);
    const message = /label 2 at position 1 is not one of the 2 classes/;
    await expect(compute(t.softmaxCrossEntropy(logits, labelsOf(0, 2, 1)))).rejects.toThrow(message);
    await expect(compute(t.softmaxCrossEntropy(logits, labelsOf(0, 0, -1)))).rejects.toThrow('label -1 at position 2');
  });

  it('draws dropout masks from Philox by key, step and place', async () => {
    const [batch, channels, height, width] = [2, 6, 3, 2];
    const ones = new Variable([batch, channels, height, width], new Float32Array(72).fill(1));
    const mask = await compute(t.dropout(ones, t.constant(7, { integer: true }), 0.25, [11, 13]));
    const [n, c, y, x] = [1, 5, 2, 1];
    const words = philox4x32([(n * height + y) * width + x, c >> 2, 7, 0], [11, 13]);
    const expected = words[c & 3] < 0.25 * 2 ** 32 ? 0 : 1 / 0.75;
    expect(mask[((n * channels + c) * height + y) * width + x]).toBeCloseTo(expected, 6);
    const kept = mask.filter((value) => value > 0).length / mask.length;
    expect(kept).toBeGreaterThan(0.6);
    expect(kept).toBeLessThan(0.9);
  });
});

describe('a program', () => {
  it('assigns after the run: every read sees the old value', async () => {
    const [a, b] = [variable([], [1]), variable([], [2])];
    const device = createReferenceDevice();
    const program = await device.compile({ outputs: { a }, assignments: [assign(a, b), assign(b, a)] });
    expect([...(await program.run({})).a]).toEqual([1]);
    expect([...(await device.read(a)), ...(await device.read(b))]).toEqual([2, 1]);
    await program.run({});
    expect([...(await device.read(a)), ...(await device.read(b))]).toEqual([1, 2]);
  });

  it('keeps float64 between runs', async () => {
    const a = variable([], [1]);
    const device = createReferenceDevice();
    const tiny = t.constant(2 ** -40);
    const program = await device.compile({
      outputs: { rest: t.sub(a, t.constant(1)) },
      assignments: [assign(a, t.add(a, tiny))],
    });
    await program.run({});
    expect([...(await program.run({})).rest]).toEqual([2 ** -40]);
  });

  it('does not change what it was given or has handed out', async () => {
    const a = variable([2], [1, 2]);
    const device = createReferenceDevice();
    const program = await device.compile({ outputs: { a }, assignments: [assign(a, t.add(a, a))] });
    const first = (await program.run({})).a;
    expect([...a.value]).toEqual([1, 2]);
    expect([...first]).toEqual([1, 2]);
    expect([...(await device.read(a))]).toEqual([2, 4]);
    expect([...a.value]).toEqual([2, 4]);
  });

  it('takes what device.write sets', async () => {
    const a = variable([2], [1, 2]);
    const device = createReferenceDevice();
    const program = await device.compile({ outputs: { a } });
    await device.write(a, Float32Array.of(5, 6));
    expect([...(await program.run({})).a]).toEqual([5, 6]);
    await expect(device.write(a, new Float32Array(3))).rejects.toThrow('has 2 values, but 3 were written');
  });

  it('knows how much memory it needs: arrays are dropped after their last reader', async () => {
    const x = new Input('x', [1000]);
    let y: Tensor = x;
    for (let i = 0; i < 10; i++) y = t.relu(y);
    const program = await createReferenceDevice().compile({ outputs: { y } });
    expect(program.workspaceBytes).toBe(2 * 1000 * 8);
  });

  it('names an input that is missing or of another size', async () => {
    const x = new Input('images', [2, 2]);
    const program = await createReferenceDevice().compile({ outputs: { x } });
    expect(() => program.run({})).toThrow("input 'images' is float32 [2, 2], 4 values, but it was not fed");
    expect(() => program.run({ images: new Float32Array(3) })).toThrow('but it was fed 3');
  });

  it('of a closed device is refused', async () => {
    const device = createReferenceDevice();
    const program = await device.compile({ outputs: { x: t.constant(1) } });
    await device.close();
    expect(() => program.run({})).toThrow('closed');
  });
});
