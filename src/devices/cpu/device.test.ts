import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BatchNorm2d, Conv2d, Sequential } from '../../nn/index.ts';
import { add, assign, constant, Input, mul, relu, sum, Variable } from '../../tensor/index.ts';
import { randomStream } from '../../tensor/random.ts';
import type { Device } from '../device.ts';
import { createReferenceDevice } from '../reference/device.ts';
import { createNodeCpuDevice } from './device.node.ts';

const ramp = (size: number, scale = 1) => Float32Array.from({ length: size }, (_, i) => scale * ((i % 13) - 6));

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs));
  for (let i = 0; i < found.length; i++) expect(Math.abs(found[i] - expected[i])).toBeLessThan(2e-5 * scale);
}

describe.each([1, 2])('the cpu device with %i threads', (threads) => {
  let device: Device;
  beforeAll(async () => {
    device = await createNodeCpuDevice({ threads });
  });
  afterAll(() => device.close());

  it('sees in a program what was written to a variable after its last run', async () => {
    // In evaluation the norm is folded into the weights, which is done once and must be done again here.
    const random = randomStream({ seed: 0, purpose: 'initialise' });
    const norm = new BatchNorm2d(8);
    const model = new Sequential(new Conv2d(8, 8, { kernelSize: 3, padding: 1, bias: false, random }), norm).eval();
    const x = new Input('x', [2, 8, 6, 6]);
    const graph = { outputs: { y: relu(model.forward(x)) } };
    const feeds = { x: ramp(x.size) };
    const program = await device.compile(graph);
    const before = Float32Array.from((await program.run(feeds)).y);
    const scale = ramp(8, 0.3);
    await device.write(norm.weight, scale);
    const after = (await program.run(feeds)).y;
    expect(after).not.toEqual(before);
    const reference = createReferenceDevice();
    await reference.write(norm.weight, scale);
    expectClose(after, (await (await reference.compile(graph)).run(feeds)).y);
  });

  it('sees in a program what another one has assigned', async () => {
    const w = new Variable([4], Float32Array.of(1, 2, 3, 4));
    const squares = await device.compile({ outputs: { y: mul(w, w) } });
    const increment = await device.compile({ outputs: {}, assignments: [assign(w, add(w, constant(1)))] });
    expect([...(await squares.run({})).y]).toEqual([1, 4, 9, 16]);
    await increment.run({});
    await increment.run({});
    expect([...(await squares.run({})).y]).toEqual([9, 16, 25, 36]);
    expect([...(await device.read(w))]).toEqual([3, 4, 5, 6]);
  });

  it('refuses a program that memory cannot hold, and goes on working', async () => {
    const x = new Input('x', [4096, 64, 128, 128]);
    const huge = { outputs: { y: sum(relu(mul(x, x))), z: relu(x) } };
    await expect(device.compile(huge)).rejects.toThrow(
      /the program needs 34\.4 GB of memory, and there are [\d.]+ [GM]B/,
    );
    const y = mul(new Input('x', [3]), constant(2));
    expect([...(await (await device.compile({ outputs: { y } })).run({ x: Float32Array.of(1, 2, 3) })).y]).toEqual([
      2, 4, 6,
    ]);
  });

  it('says what a feed or a written value should be', async () => {
    const program = await device.compile({ outputs: { y: relu(new Input('images', [2, 3])) } });
    expect(() => program.run({})).toThrow("input 'images' is float32 [2, 3], 6 values, but it was not fed");
    expect(() => program.run({ images: new Float32Array(5) })).toThrow('but it was fed 5');
    const variable = new Variable([2, 2], new Float32Array(4));
    await expect(device.write(variable, new Float32Array(3))).rejects.toThrow(
      '[2, 2] has 4 values, but 3 were written',
    );
  });

  it('tells where the time of a run goes, and what it has computed stays right', async () => {
    const x = new Input('x', [4, 8, 6, 6]);
    const weight = new Variable([8, 8, 3, 3], ramp(576));
    const total = new Variable([], new Float32Array(1));
    const random = randomStream({ seed: 0, purpose: 'initialise' });
    const model = new Conv2d(8, 8, { kernelSize: 3, padding: 1, random });
    const assignments = [assign(total, add(total, constant(1)))];
    const program = await device.compile({ outputs: { y: model.forward(mul(x, sum(weight))) }, assignments });
    const times = await program.profile!({ x: ramp(x.size) });
    expect(times.some(({ name }) => name.startsWith('conv2d'))).toBe(true);
    expect(times.every(({ seconds }) => seconds >= 0)).toBe(true);
    expect([...(await device.read(total))]).toEqual([1]);
  });
});

describe('a cpu device', () => {
  it('needs a whole number of threads', async () => {
    await expect(createNodeCpuDevice({ threads: 0 })).rejects.toThrow('at least 1, found 0');
    await expect(createNodeCpuDevice({ threads: 1.5 })).rejects.toThrow('at least 1, found 1.5');
  });

  it('that is closed runs nothing more', async () => {
    const device = await createNodeCpuDevice({ threads: 2 });
    const program = await device.compile({ outputs: { y: relu(new Input('x', [2])) } });
    await device.close();
    await device.close();
    expect(() => program.run({ x: new Float32Array(2) })).toThrow('the cpu device is closed');
    await expect(device.compile({ outputs: {} })).rejects.toThrow('closed');
  });
});
