// Grad-CAM and activations against PyTorch's (hooks and autograd, test/golden/grad-cam.py), on every device; and what follows
// from the mathematics of them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relativeError } from '../../test/compare.ts';
import { devices } from '../../test/devices.ts';
import { readGolden, section } from '../../test/golden.ts';
import type { FloatImage } from '../data/index.ts';
import type { Device } from '../devices/device.ts';
import { createReferenceDevice } from '../devices/reference/device.ts';
import { UsageError } from '../errors.ts';
import { createModel, findModel } from '../models/index.ts';
import type { Module } from '../nn/index.ts';
import { randomStream } from '../tensor/random.ts';
import { enlargeHeatMap, FeatureMaps, GradCam, gradCam, layerOutputs } from './index.ts';

const golden = readGolden('grad-cam');
const expected = (name: string) => golden.tensors.get(name)!.data;
const step = readGolden('article-resnet-step');

function articleModel(): Module {
  const model = createModel('article-resnet', { classes: 10, inChannels: 1, seed: 0 });
  model.loadStateDict(new Map([...section(step, 'state'), ...section(step, 'after')]));
  return model;
}

function imageOf(number: number): FloatImage {
  const data = step.tensors.get('images')!.data as Float32Array;
  return { channels: 1, height: 32, width: 32, data: data.slice(number * 1024, (number + 1) * 1024) };
}

function noise(channels: number, size: number): FloatImage {
  const random = randomStream({ seed: 3, purpose: 'augment' });
  const data = Float32Array.from({ length: channels * size * size }, () => 2 * random.uniform() - 1);
  return { channels, height: size, width: size, data };
}

const cases = [...golden.tensors.keys()]
  .filter((key) => key.startsWith('map/'))
  .map((key) => {
    const name = key.slice('map/'.length);
    const [, image, layer, target] = /^(\d)\.(.*)\.(\w+)$/.exec(name)!;
    return { name, image: Number(image), layer, target: target === 'top' ? undefined : Number(target) };
  });

describe.each(devices)('on $name', ({ name: deviceName, create }) => {
  const bound = deviceName === 'reference' ? 1e-6 : 1e-4;
  let device: Device;
  beforeAll(async () => {
    device = await create();
  });
  afterAll(() => device.close());

  it.each(cases)('Grad-CAM $name is that of PyTorch', async ({ name, image, layer, target }) => {
    const result = await new GradCam({ device, model: articleModel(), layer }).explain(imageOf(image), { target });
    expect(result.layer).toBe(layer);
    expect(result.target).toBe(expected(`target/${name}`)[0]);
    expect([result.height, result.width]).toEqual(golden.tensors.get(`map/${name}`)!.shape);
    expect(relativeError(result.data, expected(`map/${name}`))).toBeLessThan(bound);
    const logits = step.tensors.get('eval.logits')!.data.subarray(image * 10, image * 10 + 10);
    expect(relativeError(result.logits, logits)).toBeLessThan(bound);
    const large = golden.tensors.get(`large/${name}`);
    if (large) expect(relativeError(enlargeHeatMap(result, 32, 32).data, large.data)).toBeLessThan(bound);
  });

  it('feature maps are the activations of PyTorch', async () => {
    const layers = [...golden.tensors.keys()]
      .filter((key) => key.startsWith('output/'))
      .map((key) => key.slice('output/'.length));
    const maps = await new FeatureMaps({ device, model: articleModel(), layers }).run(imageOf(0));
    expect(maps.map(({ name }) => name)).toEqual(layers);
    for (const { name, channels, height, width, data } of maps) {
      const wanted = golden.tensors.get(`output/${name}`)!;
      expect([channels, height, width].slice(0, wanted.shape.length), name).toEqual(wanted.shape);
      expect(relativeError(data, wanted.data), name).toBeLessThan(bound);
    }
  });
});

describe('every layer', () => {
  // Fusion on the way hides most of them: as outputs they have to come back.
  it.each(['resnet8', 'preact-resnet20', 'plainnet8'])(
    'of %s puts out on the cpu what it does in float64',
    async (name) => {
      const model = createModel(name, { classes: 4, inChannels: 3, seed: 1, layers: [1, 1, 1], widths: [4, 4, 8] });
      const image = noise(3, 16);
      const layers = layerOutputs(model, [1, 3, 16, 16]).map((layer) => layer.name);
      expect(layers).toContain('layer2.0.conv1');
      const reference = await new FeatureMaps({ device: createReferenceDevice(), model, layers }).run(image);
      const device = await devices[2].create();
      try {
        const maps = await new FeatureMaps({ device, model, layers }).run(image);
        maps.forEach((map, i) => {
          expect(relativeError(map.data, reference[i].data), map.name).toBeLessThan(2e-5);
        });
      } finally {
        await device.close();
      }
    },
  );
});

describe('Grad-CAM', () => {
  const device = createReferenceDevice();

  it('of the last maps before pooling and one linear layer is the map weighted by its weights, over the pixels', async () => {
    // Selvaraju et al. 2017, sec. 3.1: there it is CAM (Zhou et al. 2016).
    const model = createModel('resnet8', { classes: 5, inChannels: 1, seed: 2, widths: [4, 4, 8] });
    const image = noise(1, 20);
    const { layer, height, width, data, target } = await gradCam({ device, model, image });
    expect(layer).toBe('layer3');
    const [{ data: maps }] = await new FeatureMaps({ device, model, layers: ['layer3'] }).run(image);
    const weight = model.stateDict().get('fc.weight')!.value;
    const pixels = height * width;
    const channels = Array.from({ length: 8 }, (_, k) => k);
    const cam = Float32Array.from({ length: pixels }, (_, p) =>
      Math.max(0, channels.reduce((sum, k) => sum + weight[target * 8 + k] * maps[k * pixels + p], 0) / pixels),
    );
    expect(relativeError(data, cam)).toBeLessThan(1e-6);
  });

  it.each([
    ['article-resnet', 'layer3', 3],
    ['plainnet20', 'layer3', 3],
    ['preact-resnet20', 'lastActivation', 3],
    ['resnet164', 'layer3', 3],
    ['resnet18', 'layer4', 2],
    ['resnet50', 'layer4', 2],
  ])('finds the last maps of %s by itself: %s', async (name, wanted, side) => {
    const { imageSize, inChannels } = findModel(name);
    const small = imageSize === 224 ? { layers: [1, 1, 1, 1], widths: [2, 2, 4, 4] } : { layers: [1, 1, 1] };
    const model = createModel(name, { classes: 3, inChannels, seed: 0, ...small });
    const image = noise(inChannels, imageSize === 224 ? 40 : 12);
    const { layer, height, width } = await gradCam({ device, model, image });
    expect({ layer, height, width }).toEqual({ layer: wanted, height: side, width: side });
  });

  it('leaves the mode as it was, and takes images of any size one after another', async () => {
    const model = articleModel().train();
    const cam = new GradCam({ device, model });
    for (const size of [28, 17]) {
      const { height } = await cam.explain(noise(1, size));
      expect(height).toBe(Math.ceil(size / 4));
    }
    expect([...model.namedModules().values()].every(({ training }) => training)).toBe(true);
  });

  it.each<[string, object, string]>([
    ['a layer that does not exist', { layer: 'layer7' }, "no layer called 'layer7'"],
    ['the model itself', { layer: '' }, "no layer called ''"],
    ['a layer without maps', { layer: 'fc' }, 'Grad-CAM needs maps [N, C, H, W] of fc, found [1, 10]'],
    ['an output that does not exist', { target: 10 }, '0 to 9, found 10'],
    ['half an output', { target: 0.5 }, '0 to 9, found 0.5'],
  ])('refuses %s', async (_, options, message) => {
    const error = await gradCam({ device, model: articleModel(), image: noise(1, 8), ...options }).catch((e) => e);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(message);
  });
});
