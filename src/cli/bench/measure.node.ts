// A whole bench: for each batch size writes the workload, finds out which peers can take part, and holds a contest in each
// mode.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { createDevice } from '../../devices/create-device.node.ts';
import { checkBatch, together } from '../../devices/out-of-memory.ts';
import { summarise } from '../../models/index.ts';
import { Adam } from '../../train/optimizers/index.ts';
import { type Contest, type ContestEvents, holdContest } from './contest.node.ts';
import { findOnnxRuntime, findPyTorch } from './peers.node.ts';
import type { BenchPlan, BenchResult, ContestantName, Measurement } from './plan.ts';
import { inferenceGraph, trainingGraph } from './residua-job.ts';
import { modelOf, type WorkloadOptions, writeWorkload } from './workload.ts';

export interface MeasureOptions {
  /** What goes on now. */
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}

/** @throws ResiduaError when Residua itself fails; a peer that fails is listed as absent */
export async function measure(plan: BenchPlan, { onProgress, signal }: MeasureOptions): Promise<BenchResult> {
  const { model: name, inChannels, imageSize, classes } = plan;
  const folder = await mkdtemp(join(os.tmpdir(), 'residua-bench-'));
  const absent = new Map<ContestantName, string>();
  try {
    const peers = plan.peers ? await findPeers(plan, absent) : undefined;
    const measurements: Measurement[] = [];
    for (const batchSize of plan.batchSizes) {
      const options: WorkloadOptions = { model: name, inChannels, imageSize, classes, batchSize };
      const workload = join(folder, `batch-${batchSize}.safetensors`);
      await checkMemory(plan, options);
      await writeFile(workload, writeWorkload(options, plan.peers));
      const onnx = await exportNetwork(workload, options, peers);
      for (const mode of plan.modes) {
        const contest: Contest = { mode, batchSize, workload, python: peers?.python, onnx };
        const events: ContestEvents = {
          progress: (text) => onProgress(`${mode}, batch ${batchSize}: ${text}`),
          absent: (peer, reason) => absent.set(peer, reason),
        };
        measurements.push(await holdContest(contest, plan, events, signal));
      }
    }
    const { parameters, multiplyAdds } = summarise(modelOf({ ...plan, batchSize: 1 }), [
      1,
      inChannels,
      imageSize,
      imageSize,
    ]);
    return {
      model: { name, imageShape: [inChannels, imageSize, imageSize], classes, parameters, multiplyAdds },
      machine: describeMachine(),
      measurements,
      absent: [...absent].map(([peer, reason]) => ({ peer, reason })),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Before any of it is taken: a batch that doesn't fit is refused. */
async function checkMemory(plan: BenchPlan, options: WorkloadOptions): Promise<void> {
  const { inChannels, imageSize, batchSize } = options;
  const device = await createDevice(plan.device, { threads: Math.max(...plan.threads), strict: plan.strict });
  try {
    const model = modelOf(options);
    const optimizer = new Adam(model.parameters());
    for (const mode of plan.modes) {
      checkBatch(batchSize, (size) => {
        const shape = [size, inChannels, imageSize, imageSize];
        const graph = mode === 'train' ? trainingGraph(model, shape, optimizer) : inferenceGraph(model, shape);
        return together([device.measure?.(graph)]);
      });
    }
  } finally {
    await device.close();
  }
}

interface Peers {
  readonly python: string | undefined;
  /** The module of onnxruntime-node. */
  readonly onnxRuntime: string | undefined;
}

async function findPeers({ python, modes }: BenchPlan, absent: Map<ContestantName, string>): Promise<Peers> {
  const pytorch = await findPyTorch(python);
  if ('reason' in pytorch) absent.set('pytorch', pytorch.reason);
  // It does not train.
  const onnxRuntime = modes.includes('infer') ? findOnnxRuntime() : undefined;
  if (onnxRuntime && 'reason' in onnxRuntime) absent.set('onnxruntime', onnxRuntime.reason);
  return {
    python: 'found' in pytorch ? pytorch.found : undefined,
    onnxRuntime: onnxRuntime && 'found' in onnxRuntime ? onnxRuntime.found : undefined,
  };
}

/** The network as ONNX for onnxruntime, where that takes part. */
async function exportNetwork(
  workload: string,
  options: WorkloadOptions,
  peers: Peers | undefined,
): Promise<Contest['onnx']> {
  if (peers?.onnxRuntime === undefined) return undefined;
  const { model: name, inChannels, imageSize } = options;
  // Loaded for those who need it: protobuf takes a while.
  const { exportOnnx } = await import('../../formats/onnx/export-onnx.ts');
  const file = `${workload}.onnx`;
  await writeFile(file, exportOnnx(modelOf(options), { name, imageShape: [inChannels, imageSize, imageSize] }));
  return { module: peers.onnxRuntime, file };
}

function describeMachine(): BenchResult['machine'] {
  const cpus = os.cpus();
  return {
    processor: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
  };
}
