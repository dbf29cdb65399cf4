// Which layers of a network there are to look at, and their tensors in one forward pass in evaluation mode: what a trained
// network does with an image, not what a training step does with a batch.

import { UsageError } from '../errors.ts';
import { type Module, type ModuleCall, type Trace, trace } from '../nn/index.ts';
import { Input, type Shape } from '../tensor/index.ts';

export interface LayerOutput {
  /** The module's path in the model, as in state_dict keys: 'layer2.0.conv1', 'layer2.0', 'layer2'. */
  readonly name: string;
  /** Its class: 'Conv2d', 'ResidualBlock', 'Sequential'. */
  readonly kind: string;
  /** [1, C, H, W], or [1, features] behind the pooling. */
  readonly shape: Shape;
}

/**
 * Every module but the model itself in the order in which they end: layers before the block that they are in, blocks before
 * their stage. These are the layers whose feature maps can be seen; those of rank 4 can be asked for a Grad-CAM.
 *
 * @param inputShape [1, C, H, W]
 */
export function layerOutputs(model: Module, inputShape: Shape): LayerOutput[] {
  return traceEvaluation(model, new Input('images', inputShape))
    .calls.filter(({ name }) => name !== '')
    .map(({ name, module, output: { shape } }) => ({ name, kind: module.constructor.name, shape }));
}

/** The forward pass in evaluation mode; the model's own mode stays. */
export function traceEvaluation(model: Module, images: Input): Trace {
  const { training } = model;
  try {
    return trace(model.eval(), images);
  } finally {
    model.train(training);
  }
}

/** @throws UsageError where no layer of that name is run */
export function callOf({ calls }: Trace, name: string): ModuleCall {
  const call = calls.findLast((candidate) => candidate.name === name);
  if (call && name !== '') return call;
  const stages = calls.map((candidate) => candidate.name).filter((path) => path !== '' && !path.includes('.'));
  throw new UsageError(`the model has no layer called '${name}'`, {
    hint: `Its layers are ${stages.join(', ')} and those within; layerOutputs() lists all.`,
  });
}
