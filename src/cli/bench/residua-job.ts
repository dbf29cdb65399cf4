// Residua's own part of a bench: a training step or an inference as a program, run over a workload's batches.

import type { Device, Feed, Graph, Program, StepTime } from '../../devices/device.ts';
import type { Module } from '../../nn/index.ts';
import { gradients, Input, type Shape, softmaxCrossEntropy } from '../../tensor/index.ts';
import { Adam } from '../../train/optimizers/index.ts';
import type { Mode } from './protocol.ts';
import type { Workload } from './workload.ts';

/** Something to be timed. */
export interface Job {
  /** How many batches the workload has. */
  readonly batches: number;
  /** @returns the loss of a training step, before it changes the weights; or the logits */
  step(batch: number): Promise<ArrayLike<number>>;
}

export interface ResiduaJob extends Job {
  /** A step that says where its time went; undefined where the device can't tell. */
  profile(batch: number): Promise<readonly StepTime[] | undefined>;
  readonly workspaceBytes: number;
}

export function createResiduaJob(device: Device, workload: Workload, mode: Mode): Promise<ResiduaJob> {
  return mode === 'train' ? trainingJob(device, workload) : inferenceJob(device, workload);
}

/** What one step computes of a batch, [N, C, H, W]: forward, cross entropy, backward and Adam. */
export function trainingGraph(model: Module, imageShape: Shape, optimizer: Adam): Graph {
  const labels = new Input('labels', [imageShape[0]], 'int32');
  const loss = softmaxCrossEntropy(model.train().forward(new Input('images', imageShape)), labels);
  return { outputs: { loss }, assignments: optimizer.assignments(gradients(loss, optimizer.parameters)) };
}

/** @param imageShape [N, C, H, W] */
export function inferenceGraph(model: Module, imageShape: Shape): Graph {
  return { outputs: { logits: model.eval().forward(new Input('images', imageShape)) } };
}

/** Adam at 0.001. */
async function trainingJob(device: Device, { model, imageShape, images, labels }: Workload): Promise<ResiduaJob> {
  const optimizer = new Adam(model.parameters());
  const program = await device.compile(trainingGraph(model, imageShape, optimizer));
  let step = 0;
  return job(program, images.length, 'loss', (batch) => {
    step++;
    return { images: images[batch], labels: labels[batch], ...optimizer.feeds(step, 0.001) };
  });
}

async function inferenceJob(device: Device, { model, imageShape, images }: Workload): Promise<ResiduaJob> {
  const program = await device.compile(inferenceGraph(model, imageShape));
  return job(program, images.length, 'logits', (batch) => ({ images: images[batch] }));
}

/** @param feedsOf the next step, which takes this batch */
function job(
  program: Program,
  batches: number,
  output: string,
  feedsOf: (batch: number) => Record<string, Feed>,
): ResiduaJob {
  return {
    batches,
    workspaceBytes: program.workspaceBytes,
    step: async (batch) => (await program.run(feedsOf(batch)))[output],
    profile: async (batch) => program.profile?.(feedsOf(batch)),
  };
}
