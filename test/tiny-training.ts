// A training of the tiny network that ends after six steps, or sooner: what the tests of the training loop share.

import { compose, DataLoader, randomCrop, toTensor } from '../src/data/index.ts';
import type { Device } from '../src/devices/device.ts';
import type { Module } from '../src/nn/index.ts';
import type { Trained } from '../src/train/checkpoint.ts';
import type { TrainOptions } from '../src/train/loop.ts';
import { createOptimizer, type OptimizerConfig } from '../src/train/optimizers/index.ts';
import type { StepProgress } from '../src/train/progress.ts';
import { oneCycleLR } from '../src/train/schedules/index.ts';
import { weightsHash } from '../src/train/weights-hash.ts';
import { tinyDataset, tinyModel } from './tiny.ts';

/** 22 images in batches of 8: three steps an epoch, the last on 6 images. */
export const loader = () =>
  new DataLoader(tinyDataset(22), {
    batchSize: 8,
    shuffle: true,
    seed: 5,
    transform: compose([randomCrop(8, { padding: 1 }), toTensor()]),
  });
export const schedule = oneCycleLR({ maxLearningRate: 0.02, steps: 6 });
export const adamw: OptimizerConfig = { name: 'adamw', weightDecay: 0.01, decayNormAndBias: false };

export function setUp(device: Device, config: OptimizerConfig = adamw) {
  const model = tinyModel();
  const optimizer = createOptimizer(config, model.parameters());
  return { device, model, optimizer, loader: loader(), learningRate: schedule, epochs: 2 };
}

export async function hashOf(device: Device, model: Module): Promise<string> {
  for (const variable of model.stateDict().values()) await device.read(variable);
  return weightsHash(model);
}

/** Ends the training after so many steps; never for 0. */
export function stopAfter(
  steps: number,
  { device, model, optimizer, ema }: Trained,
): Pick<TrainOptions, 'signal' | 'onStep'> {
  const controller = new AbortController();
  const averages = ema?.model.stateDict().values() ?? [];
  const variables = [...model.namedState().values(), ...optimizer.state().values(), ...averages];
  const onStep = async ({ step }: StepProgress) => {
    // The reference device keeps float64 from step to step, a checkpoint float32: here every step ends in float32.
    for (const variable of variables) await device.write(variable, await device.read(variable));
    if (step === steps) controller.abort();
  };
  return { signal: controller.signal, onStep };
}
