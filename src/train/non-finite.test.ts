// NaN and infinity, caused for real: each training must stop and name the operation and the step where the first such number
// came up. What is right is found by plain loops, or is plain from how the network was made.

import { describe, expect, it } from 'vitest';
import { devices } from '../../test/devices.ts';
import { tinyDataset, tinyModel } from '../../test/tiny.ts';
import { type BatchLoader, compose, DataLoader, normalize, toTensor } from '../data/index.ts';
import { epochOrder } from '../data/sampler.ts';
import type { Device } from '../devices/device.ts';
import { Conv2d, Linear, Module, Sequential } from '../nn/index.ts';
import { constant, flatten, globalAvgPool2d, mul, relu, sqrt, sub, type Tensor } from '../tensor/index.ts';
import { randomStream } from '../tensor/random.ts';
import { ModelEma } from './ema.ts';
import { type TrainOptions, train } from './loop.ts';
import { NonFiniteError } from './non-finite.ts';
import { Adam, SGD } from './optimizers/index.ts';
import { TrainingState } from './state.ts';

const random = () => randomStream({ seed: 1, purpose: 'initialise' });

class Calls extends Module {
  readonly #f: (x: Tensor) => Tensor;

  constructor(f: (x: Tensor) => Tensor) {
    super();
    this.#f = f;
  }

  forward(x: Tensor): Tensor {
    return this.#f(x);
  }
}

/** [N, 1, 8, 8] -> two convolutions -> `between` -> [N, 3]. */
class Small extends Module {
  readonly conv1 = new Conv2d(1, 4, { kernelSize: 3, padding: 1, random: random() });
  readonly conv2 = new Conv2d(4, 4, { kernelSize: 3, padding: 1, random: random() });
  readonly between: Module;
  readonly fc = new Linear(4, 3, { random: random() });

  constructor(between: (x: Tensor) => Tensor = relu) {
    super();
    this.between = new Sequential(new Calls(between));
  }

  forward(x: Tensor): Tensor {
    const y = this.conv2.forward(relu(this.conv1.forward(x)));
    return this.fc.forward(flatten(globalAvgPool2d(this.between.forward(y))));
  }
}

const loader = (batchSize = 8) => new DataLoader(tinyDataset(24), { batchSize, shuffle: true, seed: 4 });

async function failureOf(options: TrainOptions): Promise<NonFiniteError> {
  const error = await train(options).catch((reason) => reason);
  expect(error).toBeInstanceOf(NonFiniteError);
  return error as NonFiniteError;
}

function optionsOf(device: Device, model: Module, more: Partial<TrainOptions> = {}): TrainOptions {
  const optimizer = new SGD(model.parameters());
  return { device, model, optimizer, loader: loader(), learningRate: 0.01, epochs: 2, ...more };
}

describe.each(devices)('a number that is not finite, on $name', ({ create }) => {
  it('is found in the layer that a plain forward pass overflows in, after a step of 1e25', async () => {
    const device = await create();
    const model = new Small();
    const error = await failureOf(optionsOf(device, model, { learningRate: 1e25 }));

    // The same first step on its own: its weights, and what a plain pass makes of the second batch.
    const other = new Small();
    const controller = new AbortController();
    await train(
      optionsOf(device, other, { learningRate: 1e25, signal: controller.signal, onStep: () => controller.abort() }),
    );
    for (const variable of other.parameters()) await device.read(variable);
    const batches = loader().epoch(0, { startBatch: 1 });
    const expected = firstOverflow(other, (await batches.next()).value.images);
    expect(expected).toBe('conv2');
    expect(error.first).toMatchObject({
      phase: 'forward',
      name: expected,
      operation: 'conv2d',
      step: 2,
      epoch: 1,
      image: null,
    });
    expect(error.message).toMatch(
      /^the loss became (NaN|Infinity) in step 2 .*The first number that is not finite is -?(Infinity|NaN), in that step: /,
    );
    expect(error.message).toMatch(/learning rate 1e\+25\).*: conv2: conv2d in the forward pass$/);
    expect(error.hint).toMatch(/Lower the learning rate .*clip gradients/);
    await device.close();
  });

  it('is found where it is in an image', async () => {
    const device = await create();
    const clean = loader();
    const broken: BatchLoader = Object.assign(Object.create(clean), {
      async *epoch(epoch: number, options: { startBatch?: number }) {
        for await (const batch of clean.epoch(epoch, options)) {
          const place = batch.indices.indexOf(13);
          if (place >= 0) batch.images[place * 64 + 20] = Number.NEGATIVE_INFINITY;
          yield batch;
        }
      },
    });
    const step =
      [0, 1, 2].find((i) =>
        order(clean)
          .slice(8 * i, 8 * i + 8)
          .includes(13),
      )! + 1;
    const error = await failureOf(optionsOf(device, new Small(), { loader: broken }));
    expect(error.first).toMatchObject({ phase: 'given', name: 'images', found: -Infinity, step, image: 13 });
    expect(error.message).toContain(': image 13 of squares, as it goes into the network');
    await device.close();
  });

  it('is found in all images where the transforms make it', async () => {
    const device = await create();
    const transform = compose([toTensor(), normalize([0], [1e-45])]);
    const own = new DataLoader(tinyDataset(24), { batchSize: 8, transform });
    const error = await failureOf(optionsOf(device, new Small(), { loader: own }));
    expect(error.first).toMatchObject({ phase: 'given', name: 'images', step: 1, image: 0 });
    await device.close();
  });

  it('is refused in the first weights', async () => {
    const device = await create();
    const model = new Small();
    model.fc.weight.value[2] = Number.NaN;
    const error = await failureOf(optionsOf(device, model));
    expect(error.message).toContain('model.fc.weight holds NaN before the first step');
    await device.close();
  });

  it('is found in a root of negative numbers, in the middle of a pass', async () => {
    const device = await create();
    // The images' mean is below 1, and weights are below 1/3: y - 100 is negative.
    const model = new Small((y) => relu(sub(sqrt(sub(y, constant(100))), constant(1))));
    const { first } = await failureOf(optionsOf(device, model));
    expect(first).toMatchObject({ phase: 'forward', name: 'between.0', operation: 'sqrt', step: 1 });
    await device.close();
  });

  it('is found in the backward pass', async () => {
    const device = await create();
    // The root of 0 is 0, but its derivative is infinite.
    const model = new Small((y) => sqrt(mul(y, constant(0))));
    const error = await failureOf(optionsOf(device, model));
    expect(error.first).toMatchObject({ phase: 'backward', name: 'between.0', operation: 'div', step: 1 });
    expect(error.hint).toMatch(/No weight has been changed yet/);
    await device.close();
  });

  it('is found in the update of the last step, which no loss shows', async () => {
    const device = await create();
    const state = new TrainingState();
    const epochs: number[] = [];
    const options = optionsOf(device, new Small(), {
      state,
      // 3e38 times a gradient that is longer than 1.
      loader: new DataLoader(tinyDataset(24), {
        batchSize: 8,
        transform: compose([toTensor(), normalize([0], [0.001])]),
      }),
      learningRate: (step) => (step === 5 ? 3e38 : 1e-12),
      onEpoch: ({ epoch }) => void epochs.push(epoch),
    });
    const { first } = await failureOf(options);
    expect(first).toMatchObject({ phase: 'update', operation: 'mul', step: 6, epoch: 2 });
    expect(first!.name).toMatch(/^(conv1|conv2|fc)\.(weight|bias)$/);
    // Back at the end of the first epoch, with all that belongs to it.
    expect([state.step, state.epoch, state.batch]).toEqual([3, 1, 0]);
    for (const variable of options.model.parameters()) {
      expect((await device.read(variable)).every(Number.isFinite)).toBe(true);
    }
    await device.close();
  });

  it('is found among the batches of an accumulated step, and with all options', async () => {
    const device = await create();
    const model = tinyModel();
    const ema = new ModelEma(model, tinyModel(), { decay: 0.9, warmUp: false });
    const options = { ema, optimizer: new Adam(model.parameters()), clipGradNorm: 1, accumulate: 2, loader: loader(4) };
    const learningRate = (step: number) => (step === 1 ? 1e36 : 1e-3);
    const { first } = await failureOf(optionsOf(device, model, { ...options, learningRate }));
    // Adam's steps are as long as the learning rate: weights of 1e36, whose convolutions square beyond 3e38.
    expect(first).toMatchObject({ phase: 'forward', step: 3, epoch: 1 });
    expect(first!.name).toMatch(/^(conv|bn)$/);
    await device.close();
  });
});

/** The places of the images in an epoch's order. */
function order(of: DataLoader): number[] {
  return [...epochOrder({ length: of.dataset.length, shuffle: true, seed: 4, epoch: 0 })];
}

/** The layer of a Small network in which a number beyond float32 comes up first: plain loops in float64. */
function firstOverflow(model: Small, images: Float32Array): string | undefined {
  const n = images.length / 64;
  const y = convolve(Float64Array.from(images), n, 1, model.conv1);
  if (!y.every((v) => Number.isFinite(Math.fround(v)))) return 'conv1';
  const z = convolve(
    y.map((v) => Math.max(v, 0)),
    n,
    4,
    model.conv2,
  );
  return z.every((v) => Number.isFinite(Math.fround(v))) ? undefined : 'conv2';
}

/** 3x3, padding 1, on [n, inChannels, 8, 8]. */
function convolve(x: Float64Array, n: number, inChannels: number, { weight, bias }: Conv2d): Float64Array {
  const y = new Float64Array(n * 4 * 64);
  for (let image = 0; image < n; image++) {
    for (let o = 0; o < 4; o++) {
      for (let row = 0; row < 8; row++) {
        for (let column = 0; column < 8; column++) {
          let sum = bias?.value[o] ?? 0;
          for (let i = 0; i < inChannels; i++) {
            for (let u = 0; u < 9; u++) {
              const [r, c] = [row + Math.floor(u / 3) - 1, column + (u % 3) - 1];
              if (r < 0 || c < 0 || r > 7 || c > 7) continue;
              sum += weight.value[(o * inChannels + i) * 9 + u] * x[((image * inChannels + i) * 8 + r) * 8 + c];
            }
          }
          y[((image * 4 + o) * 8 + row) * 8 + column] = sum;
        }
      }
    }
  }
  return y;
}
