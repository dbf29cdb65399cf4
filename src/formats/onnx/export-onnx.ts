// A model as an ONNX file, for any number of images at once: input `images` [batch, C, H, W], output `logits`
// [batch, classes]. It is the graph of the model in evaluation mode, written for inference: batch norms are folded into
// the convolutions before them.

import { type Module, trace } from '../../nn/index.ts';
import { Input, type Shape, type Tensor } from '../../tensor/index.ts';
import { version } from '../../version.ts';
import { writeGraph } from './graph-writer.ts';
import { encodeModel, type ValueInfoProto } from './model-proto.ts';

export interface OnnxOptions {
  /** What the graph is called. */
  readonly name: string;
  /** [C, H, W] of the network's input. */
  readonly imageShape: Shape;
  /** Free text that travels in the file: metadata_props. */
  readonly metadata?: ReadonlyMap<string, string>;
}

/** Of 2022: every runtime in use knows it. The format's version that belongs to it is 8. */
const OPSET = 17;
const IR_VERSION = 8;

/**
 * Stands for the number of images while the graph is built, which takes no memory. A prime above all extents that a network
 * has: whatever it divides depends on the batch.
 */
const BATCH = 1_000_003;

/**
 * @param model its variables' host values, as the last device.read left them; its mode is left as it is
 * @returns the bytes of the file
 * @throws ResiduaError when the model has an operation that is for training only, or more than 2 GB of weights
 */
export function exportOnnx(model: Module, { name, imageShape, metadata = new Map() }: OnnxOptions): Uint8Array {
  const images = new Input('images', [BATCH, ...imageShape]);
  const { training } = model;
  const { output, calls } = trace(model.eval(), images);
  model.train(training);

  const names = new Map<Tensor, string>();
  // A result that passes through several layers (an activation that ends a block) is called by the innermost.
  for (const call of calls) if (call.name !== '' && !names.has(call.output)) names.set(call.output, call.name);
  for (const [key, variable] of model.stateDict()) names.set(variable, key);

  const { nodes, initializers } = writeGraph(images, output, BATCH, {
    input: 'images',
    output: 'logits',
    nameOf: (tensor) => names.get(tensor),
  });
  return encodeModel({
    ir_version: IR_VERSION,
    producer_name: 'residua',
    producer_version: version,
    opset_import: [{ domain: '', version: OPSET }],
    metadata_props: [...metadata].map(([key, value]) => ({ key, value })),
    graph: {
      name,
      node: nodes,
      initializer: initializers,
      input: [describe('images', images.shape)],
      output: [describe('logits', output.shape)],
    },
  });
}

function describe(name: string, shape: Shape): ValueInfoProto {
  const dim = shape.map((extent) => (extent % BATCH === 0 ? { dim_param: 'batch' } : { dim_value: extent }));
  return { name, type: { tensor_type: { elem_type: 1, shape: { dim } } } };
}
