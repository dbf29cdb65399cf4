// The worker: fetches digits, trains the article's network on them, tests it, and tells the page how it goes.
// With a bundler this file would import from 'residua'.

import * as residua from '/dist/browser.js';

const { AdamW, ArrayDataset, DataLoader, compose, createDevice, createModel, evaluate, normalize } = residua;
const { oneCycleLR, pad, randomCrop, toTensor, train, weightsHash } = residua;

/** The first digits of MNIST: the bytes of an IDX file from behind its header. */
async function digits(split, length) {
  const part = async (file, header, size) => {
    const range = `bytes=${header}-${header + length * size - 1}`;
    const response = await fetch(`/mnist/${file}`, { headers: { range } });
    if (response.status !== 206) throw new Error(`${file}: the server gave ${response.status}, not that part of it`);
    return new Uint8Array(await response.arrayBuffer());
  };
  const images = await part(`${split}-images-idx3-ubyte`, 16, 28 * 28);
  const labels = await part(`${split}-labels-idx1-ubyte`, 8, 1);
  return new ArrayDataset({
    name: `MNIST ${split}`,
    classes: [...'0123456789'],
    imageShape: [1, 28, 28],
    images,
    labels,
  });
}

/** Of the page's address: ?images=6000&threads=2 */
const { images = 6000, threads } = Object.fromEntries(new URLSearchParams(location.search));

try {
  const scale = [toTensor(), normalize([0.1307], [0.3081])];
  const loader = new DataLoader(await digits('train', Number(images)), {
    batchSize: 32,
    shuffle: true,
    transform: compose([randomCrop(32, { padding: 4 }), ...scale]),
  });
  const test = new DataLoader(await digits('t10k', 1000), { batchSize: 100, transform: compose([pad(2), ...scale]) });

  const device = await createDevice('auto', { threads: threads && Number(threads) });
  const model = createModel('article-resnet', { inChannels: 1, classes: 10, seed: 0 });
  const epochs = 2;
  await train({
    device,
    model,
    loader,
    optimizer: new AdamW(model.parameters()),
    learningRate: oneCycleLR({ maxLearningRate: 0.01, steps: epochs * loader.batchesPerEpoch }),
    epochs,
    logEvery: 5,
    onLog: ({ step, loss, imagesPerSecond }) =>
      postMessage({ step, steps: epochs * loader.batchesPerEpoch, loss, imagesPerSecond, threads: device.threads }),
  });
  const { accuracy } = await evaluate({ device, model, loader: test });
  for (const variable of model.stateDict().values()) await device.read(variable);
  postMessage({ accuracy, images: test.dataset.length, hash: await weightsHash(model) });
} catch (error) {
  postMessage({ error: error.message });
}
