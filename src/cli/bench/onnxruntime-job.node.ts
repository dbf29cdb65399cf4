// onnxruntime-node as a peer: runs the network, exported as ONNX, over a workload's batches.

import { createRequire } from 'node:module';
import type { Job } from './residua-job.ts';
import type { Workload } from './workload.ts';

/** The part of onnxruntime-node's interface that is used here; the package itself is not a dependency. */
interface OnnxRuntime {
  readonly env: { readonly versions: { readonly node?: string; readonly common: string } };
  readonly InferenceSession: { create(file: string, options: object): Promise<Session> };
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => OnnxTensor;
}

interface OnnxTensor {
  readonly data: Float32Array;
}

interface Session {
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
}

/**
 * @param modulePath where onnxruntime-node was found
 * @param file the ONNX model, with input `images` and output `logits`
 */
export async function createOnnxRuntimeJob(
  modulePath: string,
  file: string,
  { imageShape, images }: Workload,
  threads: number,
): Promise<Job & { readonly name: string }> {
  const runtime: OnnxRuntime = createRequire(import.meta.url)(modulePath);
  const session = await runtime.InferenceSession.create(file, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  });
  const tensors = images.map((batch) => new runtime.Tensor('float32', batch, imageShape));
  const { node, common } = runtime.env.versions;
  return {
    name: `onnxruntime-node ${node ?? common}`,
    batches: tensors.length,
    step: async (batch) => (await session.run({ images: tensors[batch] })).logits.data,
  };
}
