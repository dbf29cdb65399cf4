// What a run costs besides its work: nothing on JavaScript's heap, so that no collector ever stops a training.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { add, assign, Input, mean, mul, sub, Variable } from '../../tensor/index.ts';
import type { Feed } from '../device.ts';
import { createNodeCpuDevice } from './device.node.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it('allocates nothing, whatever is fed, assigned and handed out', async () => {
  const device = await createNodeCpuDevice({ threads: 1 });
  const shape = [4, 3, 8, 8];
  const images = new Input('images', shape);
  const rate = new Input('rate', []);
  const weight = new Variable(shape, new Float32Array(768));
  const product = mul(add(images, weight), images);
  const program = await device.compile({
    outputs: { product, loss: mean(product) },
    assignments: [assign(weight, sub(weight, mul(rate, images)))],
  });
  const feeds: Record<string, Feed> = { images: new Float32Array(768).fill(0.5), rate: Float32Array.of(0.01) };
  const runs = 10_000;
  const bytesOfARun = () => {
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < runs; i++) program.run(feeds);
    return (process.memoryUsage().heapUsed - before) / runs;
  };
  for (let i = 0; i < 3; i++) bytesOfARun(); // until it is optimised, the engine allocates for itself
  const bytes = Math.min(bytesOfARun(), bytesOfARun(), bytesOfARun());
  // One string or array a run would be more; what else the process does meanwhile is less.
  expect(bytes).toBeLessThan(32);
  await device.close();
});
