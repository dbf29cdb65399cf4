// A network that PyTorch trained and saved gives here the logits that it gave there: from its .pth, and from the ONNX that is
// exported of it.

import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createReferenceDevice } from '../../src/devices/reference/device.ts';
import { exportOnnx } from '../../src/formats/onnx/export-onnx.ts';
import { readWeights } from '../../src/formats/weights.node.ts';
import { createModel } from '../../src/models/index.ts';
import { Input } from '../../src/tensor/index.ts';
import { relativeError } from '../compare.ts';

const file = (name: string) => readFileSync(new URL(`pth/${name}`, import.meta.url));
const { images, logits } = JSON.parse(file('expected.json').toString()).network as Record<
  'images' | 'logits',
  { shape: number[]; values: number[] }
>;
const pixels = Float32Array.from(images.values);

async function load() {
  const options = { inChannels: 1, classes: 3, imageSize: 12, layers: [1, 1, 1], widths: [4, 6, 8], seed: 1 };
  const model = createModel('article-resnet', options);
  model.loadStateDict((await readWeights(file('network.pth'), 'network.pth')).tensors);
  return model.eval();
}

describe("PyTorch's network.pth", () => {
  it("gives PyTorch's logits here", async () => {
    const model = await load();
    const output = model.forward(new Input('images', images.shape));
    const program = await createReferenceDevice().compile({ outputs: { output } });
    expect(relativeError((await program.run({ images: pixels })).output, logits.values)).toBeLessThan(1e-6);
  });

  it('gives them in onnxruntime', async () => {
    const onnx = exportOnnx(await load(), { name: 'network', imageShape: images.shape.slice(1) });
    const session = await InferenceSession.create(onnx);
    const found = await session.run({ images: new Tensor('float32', pixels, images.shape) });
    expect(relativeError(found.logits.data as Float32Array, logits.values)).toBeLessThan(1e-5);
  });
});
