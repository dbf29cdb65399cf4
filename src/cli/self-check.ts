// A training step of a small residual network on two devices: how far apart they are says whether the fast one computes
// rightly on this machine.

import type { Device, Program } from '../devices/device.ts';
import { createReferenceDevice } from '../devices/reference/device.ts';
import { createModel } from '../models/index.ts';
import { gradients, Input, softmaxCrossEntropy } from '../tensor/index.ts';

/** float32 through some ten layers and back, with sums over few values; a wrong kernel is off by 0.1 and more. */
export const SELF_CHECK_BOUND = 1e-3;

/**
 * The largest difference of the loss, the logits and every gradient between `device` and the reference device in float64,
 * each relative to the tensor's largest value.
 */
export async function selfCheck(device: Device): Promise<number> {
  const shape = [4, 1, 12, 12];
  const feeds = {
    images: Float32Array.from({ length: 4 * 12 * 12 }, (_, i) => ((i * 7919) % 256) / 255),
    labels: Int32Array.of(3, 1, 4, 9),
  };
  const results = [];
  for (const each of [createReferenceDevice(), device]) {
    const model = createModel('article-resnet', { classes: 10, inChannels: 1, seed: 1, layers: [1, 1, 1] });
    const logits = model.forward(new Input('images', shape));
    const loss = softmaxCrossEntropy(logits, new Input('labels', [4], 'int32'));
    const found = gradients(loss, model.parameters()).map((gradient, i) => [`gradient ${i}`, gradient] as const);
    const program: Program = await each.compile({ outputs: { loss, logits, ...Object.fromEntries(found) } });
    results.push(await program.run(feeds));
  }
  const [expected, found] = results;
  return Math.max(...Object.keys(expected).map((name) => difference(found[name], expected[name])));
}

/** Not a number where a value is. */
function difference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  let apart = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    apart = Math.max(apart, Math.abs(found[i] - expected[i]));
  }
  return apart / largest;
}
