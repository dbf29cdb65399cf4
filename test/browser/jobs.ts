// What the tests have done both in a browser and in Node. Each is sent to the browser as text, so it refers to nothing outside.

import type { Library } from './chromium.ts';

/** Trains the article's network for twenty steps on made images, with all that could differ: order, crops, dropout. */
export async function trainTwentySteps(library: Library, options: { threads?: number; strict?: boolean }) {
  const { createDevice, createModel, train, evaluate, weightsHash, AdamW, DataLoader, ArrayDataset } = library;
  const { compose, pad, randomHorizontalFlip, randomCrop, toTensor, normalize, oneCycleLR, randomStream } = library;
  const random = randomStream({ seed: 1, purpose: 'augment' });
  const length = 80;
  const dataset = new ArrayDataset({
    name: 'made',
    classes: Array.from({ length: 10 }, (_, i) => `${i}`),
    imageShape: [1, 28, 28],
    images: Uint8Array.from({ length: length * 28 * 28 }, () => random.integer(256)),
    labels: Uint8Array.from({ length }, () => random.integer(10)),
  });
  const transform = compose([pad(4), randomHorizontalFlip(), randomCrop(32), toTensor(), normalize([0.5], [0.3])]);
  const loader = new DataLoader(dataset, { batchSize: 16, shuffle: true, seed: 2, transform });
  const device = await createDevice('cpu', options);
  const model = createModel('article-resnet', { inChannels: 1, classes: 10, dropout: 0.1, seed: 3 });
  const losses: number[] = [];
  await train({
    device,
    model,
    loader,
    optimizer: new AdamW(model.parameters()),
    learningRate: oneCycleLR({ maxLearningRate: 0.01, steps: 20 }),
    epochs: 4,
    logEvery: 1,
    onLog: ({ loss }) => void losses.push(loss),
  });
  const { loss } = await evaluate({ device, model, loader });
  for (const variable of model.stateDict().values()) await device.read(variable);
  const { threads } = device;
  await device.close();
  return { hash: await weightsHash(model), losses, loss, threads };
}

/** Runs one of PyTorch's operations, forward and backward, and the article's step: the distance from PyTorch's numbers. */
export async function distancesFromPyTorch(library: Library, { threads }: { threads: number }) {
  const { readSafetensors, createDevice, createModel, gradients, Input, Variable, softmaxCrossEntropy } = library;
  const { conv2d, channelMean, channelVariance, batchNorm, maxPool2d, gelu } = library;
  const device = await createDevice('cpu', { threads });
  const distances: Record<string, number> = {};
  const compare = (name: string, found: ArrayLike<number>, wanted: ArrayLike<number>) => {
    let [difference, scale] = [0, 0];
    for (let i = 0; i < wanted.length; i++) {
      difference = Math.max(difference, Math.abs(found[i] - wanted[i]));
      scale = Math.max(scale, Math.abs(wanted[i]));
    }
    distances[name] = found.length === wanted.length ? difference / scale : Number.POSITIVE_INFINITY;
  };
  const read = async (name: string) => {
    const response = await fetch(`/test/golden/${name}.safetensors`);
    const { tensors, metadata } = readSafetensors(new Uint8Array(await response.arrayBuffer()), name);
    const section = (prefix: string) =>
      [...tensors].flatMap(([key, { shape, data }]) =>
        key.startsWith(prefix) ? [{ name: key.slice(prefix.length), shape, data: data as Float32Array }] : [],
      );
    return { tensors, section, attributes: Object.fromEntries(metadata) };
  };

  for (const file of ['op-conv2d-00', 'op-conv2d-05', 'op-batchnorm-train-0', 'op-maxpool', 'op-gelu']) {
    const golden = await read(file);
    const given = golden.section('in.').map(({ name, shape, data }) => [name, new Variable(shape, data)] as const);
    const { x, weight, bias } = Object.fromEntries(given);
    const { stride, padding, groups = 1, kernel, eps } = golden.attributes;
    const window = { stride: Number(stride), padding: Number(padding) };
    const out = file.includes('conv2d')
      ? conv2d(x, weight, { bias, groups: Number(groups), ...window })
      : file.includes('batchnorm')
        ? batchNorm(x, { mean: channelMean(x), variance: channelVariance(x) }, { weight, bias }, Number(eps))
        : file.includes('maxpool')
          ? maxPool2d(x, Number(kernel), window)
          : gelu(x);
    const upstream = golden.tensors.get('grad_out')!;
    const variables = given.map(([, variable]) => variable);
    const wanted = golden.section('grad.');
    const found = gradients(out, variables, new Variable(upstream.shape, upstream.data as Float32Array));
    const outputs = Object.fromEntries(given.map(([name], i) => [name, found[i]]));
    const values = await (await device.compile({ outputs: { out, ...outputs } })).run({});
    compare(`${file} out`, values.out, golden.tensors.get('out')!.data as Float32Array);
    for (const { name, data } of wanted) compare(`${file} gradient of ${name}`, values[name], data);
  }

  const golden = await read('article-resnet-step');
  const [images, labels] = ['images', 'labels'].map((name) => golden.tensors.get(name)!);
  const model = createModel('article-resnet', { classes: 10, inChannels: 1, seed: 0 });
  const state = golden.section('state.').map(({ name, shape, data }) => {
    return [name, { shape, data: data instanceof Float32Array ? data : Int32Array.from(data, Number) }] as const;
  });
  model.loadStateDict(new Map(state));
  const logits = model.forward(new Input('images', images.shape));
  const loss = softmaxCrossEntropy(logits, new Input('labels', labels.shape, 'int32'));
  const names = [...model.namedParameters().keys()];
  const found = gradients(loss, model.parameters());
  const outputs = Object.fromEntries(names.map((name, i) => [name, found[i]]));
  const feeds = { images: images.data as Float32Array, labels: Int32Array.from(labels.data as BigInt64Array, Number) };
  const values = await (await device.compile({ outputs: { logits, loss, ...outputs } })).run(feeds);
  compare('article logits', values.logits, golden.tensors.get('train.logits')!.data as Float32Array);
  compare('article loss', values.loss, golden.tensors.get('train.loss')!.data as Float32Array);
  const steps = golden.section('grad.').map(({ name, data }) => {
    compare(name, values[name], data);
    const distance = distances[name];
    delete distances[name];
    return distance;
  });
  distances['article gradients'] = Math.max(...steps);
  await device.close();
  return distances;
}
