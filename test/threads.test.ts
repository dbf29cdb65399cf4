// The same bits for any number of threads, and for kernels written for wide vectors: fifty training steps of a small residual network with all that reduces over
// many elements (batch norms, losses, weight gradients), compared by hash.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createNodeCpuDevice } from '../src/devices/cpu/device.node.ts';
import { createModel } from '../src/models/index.ts';
import { gradients, Input, softmaxCrossEntropy } from '../src/tensor/index.ts';
import { randomStream } from '../src/tensor/random.ts';
import { Adam } from '../src/train/optimizers/index.ts';

const steps = 50;
const imageShape = [16, 3, 20, 20];

async function hashAfterTraining(threads: number, strict: boolean, wide?: boolean): Promise<string> {
  const device = await createNodeCpuDevice({ threads, strict, wide });
  const model = createModel('article-resnet', { classes: 10, inChannels: 3, imageSize: 20, dropout: 0.2, seed: 1 });
  const images = new Input('images', imageShape);
  const labels = new Input('labels', [imageShape[0]], 'int32');
  const loss = softmaxCrossEntropy(model.forward(images), labels);
  const optimizer = new Adam(model.parameters(), { weightDecay: 1e-4 });
  const assignments = optimizer.assignments(gradients(loss, optimizer.parameters));
  const program = await device.compile({ outputs: { loss }, assignments });
  const random = randomStream({ seed: 2, purpose: 'augment' });
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const outputs = await program.run({
      images: Float32Array.from({ length: images.size }, () => random.uniform()),
      labels: Int32Array.from({ length: labels.size }, () => Math.floor(random.uniform() * 10)),
      ...optimizer.feeds(step, 0.001),
    });
    losses.push(outputs.loss[0]);
  }
  expect(losses.every(Number.isFinite)).toBe(true);
  const hash = createHash('sha256');
  for (const variable of [...model.namedState().values(), ...optimizer.state().values()]) {
    hash.update(new Uint8Array((await device.read(variable)).buffer));
  }
  await device.close();
  return hash.digest('hex');
}

describe.each([false, true])('fifty training steps, strict: %s', (strict) => {
  it('give the same bits with 1, 2, 3 and 4 threads, on narrow and on wide vectors', async () => {
    const expected = await hashAfterTraining(1, strict, false);
    for (const threads of [1, 2, 3, 4]) expect(await hashAfterTraining(threads, strict, true)).toBe(expected);
  });
});
