// The layer table of a model: what each layer puts out, owns and costs. Costs are read off the graph of one forward pass:
// a convolution or matrix product belongs to the layer whose weight it reads.

import { Identity, type Module, trace } from '../nn/index.ts';
import { ancestors } from '../tensor/autograd.ts';
import { Input, type Shape, type Tensor } from '../tensor/index.ts';

export interface LayerSummary {
  /** Path in the model, as in state_dict keys. */
  readonly name: string;
  /** The module's class. */
  readonly kind: string;
  readonly outputShape: Shape;
  /** Trainable numbers. */
  readonly parameters: number;
  /** Of one forward pass over the whole input. */
  readonly multiplyAdds: number;
}

export interface ModelSummary {
  readonly layers: readonly LayerSummary[];
  readonly outputShape: Shape;
  readonly parameters: number;
  readonly multiplyAdds: number;
}

/**
 * Layers in the order in which they run, in evaluation mode.
 *
 * @param inputShape [N, C, H, W]; with N = 1 the costs are those of an image
 */
export function summarise(model: Module, inputShape: Shape): ModelSummary {
  const wasTraining = model.training;
  const { output, calls } = trace(model.eval(), new Input('images', inputShape));
  model.train(wasTraining);

  const nodes = ancestors(output);
  const costs = costsByInput(nodes);
  const layers = calls
    .filter(({ module }) => module.namedChildren().size === 0 && !(module instanceof Identity))
    .map(({ name, module, output: { shape: outputShape } }) => {
      const parameters = countParameters(module);
      const cost = total(module.parameters().map((parameter) => costs.get(parameter) ?? 0));
      return { name, kind: module.constructor.name, outputShape, parameters, multiplyAdds: cost };
    });
  return {
    layers,
    outputShape: output.shape,
    parameters: countParameters(model),
    multiplyAdds: total(nodes.map(multiplyAdds)),
  };
}

/** For each tensor, the multiply-adds of the nodes that read it. */
function costsByInput(nodes: readonly Tensor[]): Map<Tensor, number> {
  const costs = new Map<Tensor, number>();
  for (const node of nodes) {
    const cost = multiplyAdds(node);
    if (cost > 0) for (const input of new Set(node.inputs)) costs.set(input, (costs.get(input) ?? 0) + cost);
  }
  return costs;
}

/** Trainable numbers of a model or layer. */
export function countParameters(module: Module): number {
  return total(module.parameters().map((parameter) => parameter.size));
}

/** Products that one node of a graph adds up; 0 for all but convolutions and matrix products. */
function multiplyAdds({ operation, inputs, size, attributes }: Tensor): number {
  if (operation?.name === 'conv2d') {
    const [, weight] = inputs;
    return (size * weight.size) / weight.shape[0];
  }
  if (operation?.name === 'matmul') return size * inputs[0].shape[attributes.transposeA ? 0 : 1];
  return 0;
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);
