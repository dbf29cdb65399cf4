// Reverse-mode differentiation of a graph. Walk from the loss back to its leaves in the reverse order of creation (which
// is a topological order); at each node ask its operation for the gradients of its inputs and add up what arrives.

import { ResiduaError } from '../errors.ts';
import { add, constant } from './operations/arithmetic.ts';
import { formatShape, sameShape } from './shape.ts';
import { type Tensor, tensorCount } from './tensor.ts';

/**
 * Gradients of a scalar with respect to some tensors, as new graph nodes.
 *
 * @param loss scalar [], or any tensor when `upstream` is given
 * @param targets what to differentiate by (usually the parameters)
 * @param upstream dL/d(loss), of loss's shape; 1 for a scalar by default
 * @returns one tensor a target, of its shape; throws where a target does not influence the loss
 */
export function gradients(loss: Tensor, targets: readonly Tensor[], upstream?: Tensor): Tensor[] {
  if (upstream === undefined && loss.rank !== 0) {
    throw new ResiduaError(`gradients start from a scalar loss, but this one has shape ${formatShape(loss.shape)}`, {
      hint: 'Reduce it with mean() or sum(), or pass an upstream gradient of its shape.',
    });
  }
  if (upstream !== undefined && !sameShape(upstream.shape, loss.shape)) {
    const shapes = `${formatShape(upstream.shape)}, the differentiated tensor ${formatShape(loss.shape)}`;
    throw new ResiduaError(`the upstream gradient has shape ${shapes}; they must be equal`);
  }

  const order = ancestors(loss);
  const wanted = new Set(targets);
  const needsGradient = new Set<Tensor>();
  for (const node of order) {
    if (wanted.has(node) || node.inputs.some((input) => needsGradient.has(input))) needsGradient.add(node);
  }

  const arrived = new Map<Tensor, Tensor>([[loss, upstream ?? constant(1)]]);
  for (const node of order.reverse()) {
    const gradient = arrived.get(node);
    if (!gradient || !node.operation || !node.inputs.some((input) => needsGradient.has(input))) continue;
    if (!node.operation.gradient) throw new ResiduaError(`${node.operation.name} has no gradient`);
    const first = tensorCount();
    const contributions = node.operation.gradient(gradient, node, node.attributes);
    node.inputs.forEach((input, i) => {
      const contribution = contributions[i];
      if (!contribution || !needsGradient.has(input)) return;
      const sum = arrived.get(input);
      const total = sum ? add(sum, contribution) : contribution;
      arrived.set(input, total);
      for (const built of builtSince(first, total)) built.gradientOf = node;
    });
  }

  return targets.map((target) => {
    const gradient = arrived.get(target);
    if (!gradient) throw new ResiduaError(`the loss does not depend on ${target}`);
    return gradient;
  });
}

/** The tensor and what it is computed from, as far as that is no older than the id says. */
function builtSince(first: number, tensor: Tensor): Tensor[] {
  return tensor.id < first ? [] : [tensor, ...tensor.inputs.flatMap((input) => builtSince(first, input))];
}

/** The tensor and everything it is computed from, inputs before results. */
export function ancestors(...roots: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>(roots);
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    for (const input of node.inputs) {
      if (!seen.has(input)) {
        seen.add(input);
        stack.push(input);
      }
    }
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
