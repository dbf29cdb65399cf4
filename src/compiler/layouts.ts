// Which layout each tensor has in memory: a convolution's weights, their gradients and the optimizer's state of them lie as
// weights, everything else as images. Tensors that meet in an operation on each element must agree, so agreement spreads
// over such operations, and weights win: a weight is in more places than what else may meet it.

import type { CollectedGraph } from '../devices/graph.ts';
import { sameShape } from '../tensor/shape.ts';
import { type Tensor, Variable } from '../tensor/tensor.ts';
import type { Layout } from './view.ts';

/** Operations whose results take the layout of what they meet. */
const adaptable = new Set([
  ...['add', 'sub', 'mul', 'div', 'relu', 'reluGradient', 'sigmoid', 'tanh', 'exp', 'sqrt', 'erf'],
  ...['broadcastTo', 'reshape'],
]);

const isAdaptable = ({ operation }: Tensor): boolean => !operation || adaptable.has(operation.name);

/** Variables of four axes are weights in every program, for a device keeps one copy of each. */
const isWeight = (tensor: Tensor): boolean => tensor instanceof Variable && tensor.rank === 4;

/** Convolutions take weights as their second input. */
const takesWeight = new Set(['conv2d', 'conv2dInputGradient']);

export function chooseLayouts({ nodes, assignments }: CollectedGraph): (tensor: Tensor) => Layout {
  const groups = new Groups<Tensor>();
  for (const node of nodes) {
    if (!node.operation || node.operation.name === 'reshape' || !isAdaptable(node)) continue;
    for (const input of node.inputs) if (sameShape(input.shape, node.shape)) groups.join(node, input);
  }
  for (const { variable, value } of assignments) groups.join(variable, value);

  const weights = new Set<Tensor>();
  for (const node of nodes) {
    if (isWeight(node)) weights.add(groups.find(node));
    const name = node.operation?.name ?? '';
    if (takesWeight.has(name)) weights.add(groups.find(node.inputs[1]));
    if (name === 'conv2dWeightGradient') weights.add(groups.find(node));
  }
  return (tensor) => {
    if (tensor.operation?.name === 'conv2dWeightGradient') return 'weight';
    return isAdaptable(tensor) && weights.has(groups.find(tensor)) ? 'weight' : 'image';
  };
}

/** Disjoint sets (union-find). */
export class Groups<T> {
  readonly #parents = new Map<T, T>();

  find(item: T): T {
    let root = item;
    for (let parent = this.#parents.get(root); parent !== undefined; parent = this.#parents.get(root)) root = parent;
    if (root !== item) this.#parents.set(item, root);
    return root;
  }

  join(a: T, b: T): void {
    const [rootA, rootB] = [this.find(a), this.find(b)];
    if (rootA !== rootB) this.#parents.set(rootA, rootB);
  }
}
