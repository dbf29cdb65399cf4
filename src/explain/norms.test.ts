// Norms of one training step of the article's network against PyTorch's numbers, that measuring changes nothing, and what
// deep sigmoid networks do to gradients.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { devices } from '../../test/devices.ts';
import { readGolden, section } from '../../test/golden.ts';
import { tinyDataset, tinyModel } from '../../test/tiny.ts';
import { ArrayDataset, type Batch, type BatchLoader, DataLoader, subset } from '../data/index.ts';
import type { Device } from '../devices/device.ts';
import { createReferenceDevice } from '../devices/reference/device.ts';
import { createModel } from '../models/index.ts';
import { NormProbe, probeSample } from './index.ts';

const golden = readGolden('article-resnet-step');

/** One batch: the golden images. */
const goldenLoader = (): BatchLoader => {
  const tensor = (name: string) => golden.tensors.get(name)!.data;
  const batch: Batch = {
    images: tensor('images') as Float32Array,
    labels: tensor('labels') as Int32Array,
    size: 16,
    indices: new Uint32Array(16),
  };
  return {
    dataset: new ArrayDataset({ ...tinyDataset(16), classes: [...'0123456789'] }),
    batchSize: 16,
    imageShape: [1, 32, 32],
    batchesPerEpoch: 1,
    async *epoch() {
      yield batch;
    },
    close: async () => {},
  };
};

const tinyLoader = (count = 16) => new DataLoader(tinyDataset(count), { batchSize: 8 });

describe.each(devices.slice(0, 3))('norms on $name', ({ name: deviceName, create }) => {
  let device: Device;
  beforeAll(async () => {
    device = await create();
  });
  afterAll(() => device.close());

  it('are those of PyTorch', async () => {
    const model = createModel('article-resnet', { classes: 10, inChannels: 1, seed: 0 });
    model.loadStateDict(section(golden, 'state'));
    const norms = await new NormProbe({ device, model, loader: goldenLoader() }).measure();
    expect(norms.layers.slice(0, 3)).toEqual(['conv', 'layer1.0.conv1', 'layer1.0.conv2']);
    expect(norms.layers).toHaveLength(16);
    const lengthOf = (key: string) => Math.hypot(...golden.tensors.get(key)!.data);
    norms.layers.forEach((layer, i) => {
      // In float32 a ReLU may decide otherwise: see test/golden/article-step.test.ts.
      const bound = deviceName === 'reference' ? 1e-4 : 3e-2;
      expect(norms.gradients[i] / lengthOf(`grad.${layer}.weight`), layer).toBeCloseTo(1, bound < 1e-3 ? 4 : 1);
      expect(norms.weights[i] / lengthOf(`state.${layer}.weight`), layer).toBeCloseTo(1, 4);
    });
    const { activations } = norms;
    expect(activations.layers.slice(0, 3)).toEqual(['activation', 'layer1.0.activation1', 'layer1.0.activation2']);
    const wanted = readGolden('grad-cam').tensors.get('activations')!;
    expect([activations.layers.length, 3]).toEqual(wanted.shape);
    activations.layers.forEach((layer, i) => {
      const [mean, std, dead] = wanted.data.subarray(3 * i, 3 * i + 3);
      expect(activations.mean[i], layer).toBeCloseTo(mean, 4);
      expect(activations.std[i], layer).toBeCloseTo(std, 4);
      expect(activations.dead[i], layer).toBe(dead);
    });
  });

  it('are measured without changing anything', async () => {
    const model = tinyModel();
    const state = async () => {
      const values = [];
      for (const variable of model.namedState().values()) values.push(Array.from(await device.read(variable)));
      return values;
    };
    const before = await state();
    const probe = new NormProbe({ device, model, loader: tinyLoader() });
    const first = await probe.measure();
    expect(await probe.measure()).toEqual(first);
    expect(await state()).toEqual(before);
    expect(model.training).toBe(true);
  });

  it('count channels that are dead', async () => {
    const model = tinyModel();
    const norm = model.namedModules().get('bn')!.stateDict();
    norm.get('weight')!.value.set([0, 1, 0, 1]);
    norm.get('bias')!.value.set([-1, 0, -0.5, 0]);
    const { activations } = await new NormProbe({ device, model, loader: tinyLoader() }).measure();
    expect(activations.dead[activations.layers.indexOf('activation')]).toBe(0.5);
  });

  it('tell gradients that have vanished from none', async () => {
    // Each sigmoid passes on a quarter at most: below what the square of a float32 can hold.
    const options = {
      classes: 3,
      inChannels: 1,
      imageSize: 8,
      seed: 0,
      normalise: false,
      activation: 'sigmoid',
    } as const;
    const model = createModel('plainnet8', { ...options, layers: [18, 1, 1], widths: [4, 4, 4] });
    const { gradients } = await new NormProbe({ device, model, loader: tinyLoader() }).measure();
    expect(gradients[0]).toBeGreaterThan(0);
    expect(gradients[0]).toBeLessThan(1e-15);
    expect(gradients.at(-1)).toBeGreaterThan(1e-3);
  });
});

describe('the sample', () => {
  it.each([
    [60_000, 64, 16, 64],
    [60_000, 32, 8, 32],
    [22, 8, 2, 8],
    [10, 128, 10, 10],
    [3, 1, 2, 2],
    [1, 64, 1, 1],
  ])('of %i images in batches of %i: batches of %i, %i in all', (images, batchSize, size, count) => {
    const sample = probeSample(images, batchSize);
    expect(sample.batchSize).toBe(size);
    expect(sample.indices).toHaveLength(count);
    expect(new Set(sample.indices).size).toBe(count);
    expect(Math.max(...sample.indices)).toBeLessThan(images);
  });

  it('is spread over data that is sorted by class', () => {
    const { indices } = probeSample(1000, 64);
    expect(new Set(indices.map((index) => Math.floor(index / 100))).size).toBe(10);
  });

  it('makes full batches', async () => {
    const { batchSize, indices } = probeSample(22, 8);
    const loader = new DataLoader(subset(tinyDataset(22), indices), { batchSize });
    for await (const { size } of loader.epoch(0)) expect(size).toBe(batchSize);
    const device = createReferenceDevice();
    expect((await new NormProbe({ device, model: tinyModel(), loader }).measure()).gradients.length).toBeGreaterThan(5);
  });
});
