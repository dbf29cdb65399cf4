// How well a trained run recognises digits that were photographed: MNIST's test images as pictures of 400x300, dark on light,
// in uneven light, with noise. `npm run --silent bench:photographs -- runs/NAME [images]`

import { ArrayDataset, createDevice, createLoader, evaluate, loadMnist, loadRun, randomStream } from '../src/node.ts';
import { modelInput } from '../src/train/index.ts';
import { type Photograph, photograph } from '../test/photograph.ts';

const [run, count = '500'] = process.argv.slice(2);
if (run === undefined) throw new Error('expected a run folder');

const usual: Photograph = { width: 400, height: 300, dark: true, gradient: 0, noise: 0, size: 0.8 };
const conditions: readonly (readonly [string, Photograph | undefined])[] = [
  ["MNIST's own images", undefined],
  ['even light', usual],
  ['light from one side (0.6 to 1.4), noise of 12', { ...usual, gradient: 0.8, noise: 12 }],
  ['light from one side (0.4 to 1.6), noise of 20', { ...usual, gradient: 1.2, noise: 20 }],
  ['the same, light on dark', { ...usual, gradient: 1.2, noise: 20, dark: false }],
  ['digits of a third of the height', { ...usual, gradient: 0.8, noise: 12, size: 0.33 }],
];

const { model, card, preprocessing } = await loadRun(run);
const mnist = await loadMnist({ split: 'test' });
const step = Math.floor(mnist.length / Number(count));
const device = await createDevice();
for (const [name, settings] of conditions) {
  const images = new Uint8Array(Number(count) * 28 * 28);
  const labels = new Uint8Array(Number(count));
  for (let i = 0; i < Number(count); i++) {
    const { image, label } = mnist.get(i * step);
    const random = randomStream({ seed: 0, purpose: 'augment', index: i });
    const picture = settings ? photograph(image, settings, random) : image;
    images.set(modelInput(picture, card, preprocessing).seen.data, i * 28 * 28);
    labels[i] = label;
  }
  const dataset = new ArrayDataset({ name, classes: mnist.classes, imageShape: [1, 28, 28], images, labels });
  const loader = createLoader(dataset, { batchSize: 100, transform: preprocessing });
  const { accuracy } = await evaluate({ device, model, loader });
  await loader.close();
  console.log(`${name.padEnd(48)} ${(100 * accuracy).toFixed(2)} %`);
}
await device.close();
