// One training step of the article's whole network against PyTorch: logits, loss, the gradient of every parameter, the
// running statistics after it, and the logits in evaluation mode.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device, Values } from '../../src/devices/device.ts';
import { createModel } from '../../src/models/index.ts';
import { gradients, Input, softmaxCrossEntropy } from '../../src/tensor/index.ts';
import { relativeError } from '../compare.ts';
import { devices } from '../devices.ts';
import { readGolden, section } from '../golden.ts';

/** reference: the rounding of the stored float32. Others: float32 through 14 layers forward, and backward again. */
const boundsOf = (device: string) =>
  device === 'reference'
    ? { logits: 1e-6, gradients: 1e-6, buffers: 1e-6 }
    : { logits: 1e-4, gradients: 1e-3, buffers: 1e-4 };

describe.each(devices)("the article's network on $name", ({ name: deviceName, create }) => {
  const golden = readGolden('article-resnet-step');
  const expected = (name: string) => golden.tensors.get(name)!.data;
  const bounds = boundsOf(deviceName);
  const model = createModel('article-resnet', { classes: 10, inChannels: 1, seed: 0 });
  const feeds = { images: expected('images') as Float32Array, labels: expected('labels') as Int32Array };
  const images = new Input('images', golden.tensors.get('images')!.shape);
  const parameters = model.namedParameters();
  let device: Device;
  let step: Readonly<Record<string, Values>>;

  beforeAll(async () => {
    model.loadStateDict(section(golden, 'state'));
    const labels = new Input('labels', golden.tensors.get('labels')!.shape, 'int32');
    const logits = model.train().forward(images);
    const loss = softmaxCrossEntropy(logits, labels);
    const found = gradients(loss, [...parameters.values()]);
    const outputs = Object.fromEntries([...parameters.keys()].map((name, i) => [name, found[i]]));
    device = await create();
    const program = await device.compile({ outputs: { logits, loss, ...outputs } });
    step = await program.run(feeds);
  });
  afterAll(() => device.close());

  it('computes the logits and the loss', () => {
    expect(relativeError(step.logits, expected('train.logits'))).toBeLessThan(bounds.logits);
    expect(relativeError(step.loss, expected('train.loss'))).toBeLessThan(bounds.logits);
  });

  it('computes the gradient of every parameter', () => {
    const wanted = section(golden, 'grad');
    expect([...parameters.keys()]).toEqual([...wanted.keys()]);
    for (const [name, { data }] of wanted) {
      expect(relativeError(step[name], data), name).toBeLessThan(bounds.gradients);
    }
  });

  it('updates every running statistic', async () => {
    const wanted = section(golden, 'after');
    const buffers = model.namedBuffers();
    expect([...buffers.keys()]).toEqual([...wanted.keys()]);
    for (const [name, { data }] of wanted) {
      expect(relativeError(await device.read(buffers.get(name)!), data), name).toBeLessThan(bounds.buffers);
    }
  });

  it('computes the logits of evaluation mode with the new running statistics', async () => {
    const program = await device.compile({ outputs: { logits: model.eval().forward(images) } });
    const { logits } = await program.run(feeds);
    expect(relativeError(logits, expected('eval.logits'))).toBeLessThan(bounds.logits);
  });
});
