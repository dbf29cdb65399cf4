// Memory that is not there: what is measured is what is taken, and the batch that is named fits, while a few more don't.

import { describe, expect, it } from 'vitest';
import { tinyDataset, tinyModel } from '../../test/tiny.ts';
import { Adam } from '../train/optimizers/index.ts';
import { TrainingStep } from '../train/step.ts';
import { singleLabel } from '../train/task.ts';
import { createCpuDevice } from './cpu/device.ts';
import { OutOfMemoryError } from './out-of-memory.ts';

/** A step of the tiny network on a device that may take so much. */
async function setUp(available?: number) {
  const unused = () => {
    throw new Error('one thread needs no helper');
  };
  const device = await createCpuDevice({ threads: 1, strict: false, startHelper: unused, available });
  const model = tinyModel();
  const options = { device, model, task: singleLabel(), optimizer: new Adam(model.parameters()) };
  return { device, step: new TrainingStep(options, { dataset: tinyDataset(10), imageShape: [1, 8, 8] }) };
}

describe('a device with little memory', () => {
  it('measures what a program then takes', async () => {
    const { device, step } = await setUp();
    const before = step.measure(20)!;
    expect(await step.compile(20)).toBeGreaterThan(before.workspaceBytes - 64);
    expect(await step.compile(20)).toBeLessThanOrEqual(before.workspaceBytes);
    // All variables have their place now, and the rest is what has gone.
    const after = step.measure(20)!;
    expect(after).toMatchObject({ workspaceBytes: before.workspaceBytes, variableBytes: 0 });
    expect(before.available - after.available).toBe(before.workspaceBytes + before.variableBytes);
    await device.close();
  });

  it.each([300e3, 1e6, 20e6])('of %d bytes names the largest batch that fits', async (available) => {
    const { device, step } = await setUp(available);
    const error = await step.compile(100_000).catch((reason) => reason);
    expect(error).toBeInstanceOf(OutOfMemoryError);
    expect(error.message).toMatch(/^a batch of 100,000 images needs [\d.]+ GB of memory, and there are [\d.]+ [kM]B$/);
    expect(error.needed).toBeGreaterThan(available);
    expect(error.available).toBeLessThanOrEqual(available);
    const [, named] = /use --batch-size (\d+), smaller images/.exec(error.hint)!;
    const largest = Number(named);
    await device.close();

    const fits = await setUp(available);
    await fits.step.compile(largest);
    await fits.device.close();
    const more = await setUp(available);
    await expect(more.step.compile(Math.ceil(largest * 1.05) + 1)).rejects.toThrow(OutOfMemoryError);
    await more.device.close();
  });

  it('that not one image fits in says so', async () => {
    // Room for the variables, and little more.
    const roomy = await setUp();
    const { variableBytes } = roomy.step.measure(1)!;
    await roomy.device.close();
    const { device, step } = await setUp(variableBytes + 2000);
    const error = await step.compile(1).catch((reason) => reason);
    expect(error.message).toMatch(/^a batch of 1 image needs/);
    expect(error.hint).toMatch(/^Not even one image fits/);
    await device.close();
  });
});
