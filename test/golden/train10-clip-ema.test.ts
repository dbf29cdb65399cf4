// Ten steps with label smoothing, clipped gradients and averaged weights against PyTorch (train10-clip-ema.py), each step as
// one program and as the sum of three batches' gradients.

import { describe, expect, it } from 'vitest';
import type { Batch, BatchLoader } from '../../src/data/index.ts';
import { createModel } from '../../src/models/index.ts';
import type { Module } from '../../src/nn/index.ts';
import { AccumulatedStep } from '../../src/train/accumulation.ts';
import { ModelEma } from '../../src/train/ema.ts';
import { SGD } from '../../src/train/optimizers/index.ts';
import { type Step, TrainingStep } from '../../src/train/step.ts';
import { singleLabel } from '../../src/train/task.ts';
import { relativeError } from '../compare.ts';
import { devices } from '../devices.ts';
import { readGolden, section } from '../golden.ts';

const golden = readGolden('train10-clip-ema');
const number = (name: string) => Number(golden.attributes[name]);
const [images, labels] = ['images', 'labels'].map((name) => golden.tensors.get(name)!);
const [steps, batchSize, ...imageShape] = images.shape;
const pixels = imageShape.reduce((a, b) => a * b, 1);

/** What a step asks a loader about. */
const loader = {
  batchSize,
  imageShape,
  dataset: { name: 'noise', classes: ['a', 'b', 'c'] },
} as unknown as BatchLoader;

function batchOf(start: number, size: number): Batch {
  return {
    size,
    images: images.data.slice(start * pixels, (start + size) * pixels) as Float32Array,
    labels: labels.data.slice(start, start + size) as Int32Array,
    indices: Uint32Array.from({ length: size }, (_, i) => start + i),
  };
}

function newModel(): Module {
  const options = { classes: 3, inChannels: 1, imageSize: 8, layers: [1, 1, 1], widths: [4, 4, 8], seed: 0 } as const;
  const model = createModel('article-resnet', options);
  model.loadStateDict(section(golden, 'state'));
  return model;
}

const runs = [
  { run: 'whole', Kind: TrainingStep, parts: [batchSize] },
  { run: 'accumulated', Kind: AccumulatedStep, parts: golden.attributes.parts.split(',').map(Number) },
] as const;
const averages = [
  { name: 'ema', warmUp: false },
  { name: 'ema-warm-up', warmUp: true },
];
const cases = runs.flatMap((run) => averages.map((average) => ({ ...run, ...average })));

/** Losses and norms of the steps. */
async function train(step: Step, parts: readonly number[]) {
  const [losses, norms]: [number[], number[]] = [[], []];
  for (let i = 1; i <= steps; i++) {
    let [start, loss, norm] = [(i - 1) * batchSize, 0, Number.NaN];
    for (const [k, size] of parts.entries()) {
      await step.compile(size);
      const share = size / batchSize;
      const place = { step: i, learningRate: number('lr'), share, last: k === parts.length - 1 };
      const result = await step.run(batchOf(start, size), place);
      start += size;
      loss += share * result.loss;
      norm = result.gradientNorm ?? norm;
    }
    losses.push(loss);
    norms.push(norm);
  }
  return { losses, norms };
}

describe.each(devices)('ten steps on $name', ({ name: deviceName, create }) => {
  /** float64 but for what is stored; otherwise training amplifies the rounding of ten float32 steps, see train10.test.ts. */
  const bound = deviceName === 'reference' ? 1e-6 : 1e-3;

  it.each(cases)('$run, $name equal PyTorch', async ({ run, Kind, parts, name, warmUp }) => {
    const device = await create();
    const [model, twin] = [newModel(), newModel()];
    const ema = new ModelEma(model, twin, { decay: number('decay'), warmUp });
    const optimizer = new SGD(model.parameters(), {
      momentum: number('momentum'),
      nesterov: true,
      weightDecay: number('weight_decay'),
    });
    const task = singleLabel({ labelSmoothing: number('label_smoothing') });
    const options = { device, model, task, optimizer, clipGradNorm: number('max_norm'), ema };

    const { losses, norms } = await train(new Kind(options, loader), parts);

    const expected = (key: string) => golden.tensors.get(`${run}.${key}`)!.data;
    const maximum = number('max_norm');
    expect(new Set(Array.from(expected('norms'), (norm) => norm > maximum)).size, 'longer and shorter ones').toBe(2);
    expect(relativeError(losses, expected('losses')), 'losses').toBeLessThan(bound);
    expect(relativeError(norms, expected('norms')), 'norms').toBeLessThan(bound);
    for (const [kind, state] of Object.entries({ final: model.stateDict(), [name]: ema.model.stateDict() })) {
      for (const [key, variable] of state) {
        const found = await device.read(variable);
        expect(relativeError(found, expected(`${kind}.${key}`)), `${kind}.${key}`).toBeLessThan(bound);
      }
    }
    await device.close();
  });
});
