// A helper thread of the cpu device that dies, for real: of an error that nobody catches, for want of memory, ended by
// somebody. It must be told, within a second or so, and nothing may be taken from the device that it left half done. And what
// is only slow must not be taken for dead.
//
// The fault is put in front of the helper's own code and waits there for its turn: a helper reads a word of shared memory to
// learn which function to run.

import type { Worker, WorkerOptions } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createNodeCpuDevice } from '../../src/devices/cpu/device.node.ts';
import type { Device, Program } from '../../src/devices/device.ts';
import { ResiduaError } from '../../src/errors.ts';
import { Conv2d } from '../../src/nn/index.ts';
import { add, assign, constant, Input, mul, sum, Variable } from '../../src/tensor/index.ts';
import { randomStream } from '../../src/tensor/random.ts';

const injected: { fault: string; options: WorkerOptions; workers: Worker[] } = { fault: '', options: {}, workers: [] };
vi.mock('node:worker_threads', async (importOriginal) => {
  const threads = await importOriginal<typeof import('node:worker_threads')>();
  class FaultyWorker extends threads.Worker {
    constructor(source: string, options: WorkerOptions) {
      super(injected.fault + source, { ...options, ...injected.options });
      injected.workers.push(this);
    }
  }
  return { ...threads, Worker: FaultyWorker };
});

/** Does this in the n-th function that the helper is to run. */
const inFunction = (n: number, fault: string) => `
  const load = Atomics.load;
  let functions = 0;
  Atomics.load = (words, index) => {
    const value = load(words, index);
    const commandWord = 0, readMessages = 0;
    if (index === commandWord && value !== readMessages && ++functions === ${n}) { ${fault} }
    return value;
  };`;
const ramp = (size: number) => Float32Array.from({ length: size }, (_, i) => ((i % 13) - 6) / 8);
const sleep = (milliseconds: number) =>
  `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${milliseconds});`;

/** A program that counts its runs in a variable. Each has two functions: what depends on variables alone, and the rest. */
async function begin({ threads = 2, fault = '', options = {} as WorkerOptions } = {}) {
  Object.assign(injected, { fault, options, workers: [] });
  const device = await createNodeCpuDevice({ threads });
  opened.push(device);
  const x = new Input('x', [2, 8, 16, 16]);
  const [weight, count] = [new Variable([64], ramp(64)), new Variable([], new Float32Array(1))];
  const conv = new Conv2d(8, 8, {
    kernelSize: 3,
    padding: 1,
    random: randomStream({ seed: 1, purpose: 'initialise' }),
  });
  const y = conv.forward(mul(x, sum(mul(weight, weight))));
  const assignments = [assign(count, add(count, constant(1)))];
  const feeds = { x: ramp(x.size) };
  const compile = () => device.compile({ outputs: { y: mul(y, count) }, assignments });
  const run = async (of: Program) => (await of.run(feeds)).y.slice();
  const program = await compile();
  return {
    device,
    count,
    compile,
    run: (of = program) => run(of),
    profile: () => program.profile!(feeds),
    helper: injected.workers[0],
  };
}

const opened: Device[] = [];
afterEach(async () => {
  for (const device of opened.splice(0)) await device.close();
});

describe('a helper that dies', () => {
  const outOfMemory = 'const hoard = []; for (;;) hoard.push(new Array(1e5).fill(0));';
  const causes = [
    { of: 'of an error', fault: "throw new RangeError('made for this test')", told: 'made for this test' },
    { of: 'for want of memory', fault: outOfMemory, told: 'Worker terminated due to reaching memory limit' },
    { of: 'of its own accord', fault: 'process.exit(3);', told: 'it ended with code 3' },
  ];
  for (const { of, fault, told } of causes) {
    it.each([3, 4])(`${of}, in function %i, ends the run with an error, and the device with it`, async (n) => {
      const options = { resourceLimits: { maxOldGenerationSizeMb: 16 } };
      const { device, count, compile, run } = await begin({ fault: inFunction(n, fault), options });
      await run();
      const error = await run().catch((reason) => reason);
      expect(error).toBeInstanceOf(ResiduaError);
      expect(error.message).toContain(`a thread of the cpu device has died: ${told}`);
      expect(error.hint).toBe('Run again. If it happens again, use one thread.');
      // Nobody knows what it left undone.
      await expect(run()).rejects.toBe(error);
      await expect(compile()).rejects.toBe(error);
      await expect(device.read(count)).rejects.toBe(error);
      await expect(device.write(count, Float32Array.of(0))).rejects.toBe(error);
    });
  }

  it('in the middle of a function, ended by somebody, is told, though another lives', async () => {
    const { run, helper } = await begin({ threads: 3, fault: inFunction(4, sleep(600_000)) });
    await run();
    const running = run();
    helper.terminate();
    await expect(running).rejects.toThrow('a thread of the cpu device has died: it ended with code 1');
  });

  it('when a run begins is told', async () => {
    const { run, helper } = await begin();
    await run();
    helper.terminate();
    await expect(run()).rejects.toThrow('it ended with code 1');
  });

  it('between runs leaves variables as they are', async () => {
    const { device, count, compile, run, helper } = await begin();
    await run();
    await helper.terminate();
    await expect(run()).rejects.toThrow('it ended with code 1');
    await expect(compile()).rejects.toThrow('it ended with code 1');
    expect([...(await device.read(count))]).toEqual([1]);
  });
});

describe('a helper that is slow', () => {
  it.each([3, 4])('in function %i raises no alarm, and all that is asked for in the meantime waits', async (n) => {
    const alone = await begin({ threads: 1 });
    const expected = [await alone.run(), await alone.run(), await alone.run(), await alone.run()];

    const { device, count, compile, run } = await begin({ fault: inFunction(n, sleep(2500)) });
    const another = await compile();
    expect(await run()).toEqual(expected[0]);
    const slow = run();
    const next = run(another);
    const last = compile().then(run);
    expect([...(await device.read(count))][0]).toBeGreaterThanOrEqual(2);
    expect([await slow, await next, await last]).toEqual(expected.slice(1));
    expect([...(await device.read(count))]).toEqual([4]);
  });

  it('is seen in the profile', async () => {
    const { run, profile } = await begin({ fault: inFunction(4, sleep(2500)) });
    await run();
    const times = await profile();
    expect(Math.max(...times.map(({ seconds }) => seconds))).toBeGreaterThan(1);
  });

  it('does not keep its device from being closed', async () => {
    const { device, run } = await begin({ fault: inFunction(4, sleep(600_000)) });
    await run();
    const running = run();
    await Promise.all([device.close(), expect(running).rejects.toThrow('the cpu device is closed')]);
  });
});
