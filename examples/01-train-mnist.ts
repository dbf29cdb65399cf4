// The article's network on the real MNIST, from data to test accuracy, in one page. Run it with: npm run example
//
// Five words are enough to read it. A model is made of modules; calling one builds symbolic tensors, joined by operations.
// A device compiles such a graph into a program and runs it. Nothing is computed before that, and nothing needs disposing.

import {
  AdamW,
  compose,
  createDevice,
  createLoader,
  createModel,
  evaluate,
  loadMnist,
  normalize,
  oneCycleLR,
  pad,
  randomCrop,
  toTensor,
  train,
} from 'residua';

const device = await createDevice(); // the fastest of this machine: all cores, through generated WebAssembly
const epochs = 1;

// 1. Data: 60,000 images to learn from, 10,000 that the network never sees while it learns.
//    Training images are shifted at random, so that the network learns shapes instead of places.
const scale = normalize([0.1307], [0.3081]);
const training = createLoader(await loadMnist({ split: 'train' }), {
  batchSize: 64,
  shuffle: true,
  transform: compose([randomCrop(32, { padding: 4 }), toTensor(), scale]),
});
const test = createLoader(await loadMnist({ split: 'test' }), {
  batchSize: 100,
  transform: compose([pad(2), toTensor(), scale]),
});

// 2. Model: ResNet(ResidualBlock, [2, 2, 2]) for 1 channel and 10 classes, 195,450 parameters. PyTorch's names inside.
const model = createModel('article-resnet', { inChannels: 1, classes: 10, seed: 0 });

// 3. Training: each step runs forward, backward and the optimizer's update as one program.
//    The learning rate rises to 0.01 and falls to almost nothing: one cycle.
await train({
  device,
  model,
  loader: training,
  optimizer: new AdamW(model.parameters()),
  learningRate: oneCycleLR({ maxLearningRate: 0.01, steps: epochs * training.batchesPerEpoch }),
  epochs,
  onLog: ({ epoch, batch, batches, loss }) =>
    console.log(`Epoch[${epoch}/${epochs}], Step[${batch}/${batches}] Loss: ${loss.toFixed(4)}`),
});

// 4. Test: once, at the end, in evaluation mode.
const { accuracy, perClass } = await evaluate({ device, model, loader: test });
const hardest = perClass.toSorted((a, b) => a.accuracy - b.accuracy)[0];
console.log(`Test accuracy: ${(100 * accuracy).toFixed(2)} %. Hardest digit: ${hardest.name}.`);

await Promise.all([training.close(), test.close(), device.close()]);
