import { describe, expect, it } from 'vitest';
import { createReferenceDevice } from '../devices/reference/device.ts';
import { ancestors } from './autograd.ts';
import {
  add,
  constant,
  exp,
  gradients,
  Input,
  mul,
  relu,
  reshape,
  softmaxCrossEntropy,
  sub,
  sum,
  type Tensor,
  Variable,
} from './index.ts';

const variable = (...values: number[]) => new Variable([values.length], Float32Array.from(values));

async function compute(...tensors: Tensor[]): Promise<number[][]> {
  const outputs = Object.fromEntries(tensors.map((tensor, i) => [String(i), tensor]));
  const program = await createReferenceDevice().compile({ outputs });
  const values = await program.run({});
  return tensors.map((_, i) => [...values[i]]);
}

describe('gradients', () => {
  it('add up over all uses of a tensor', async () => {
    const x = variable(2, 3);
    // d/dx (x^2 + 5x + x) = 2x + 6
    const loss = sum(add(add(mul(x, x), mul(constant(5), x)), x));
    expect(await compute(...gradients(loss, [x]))).toEqual([[10, 12]]);
  });

  it('flow through both branches of a shortcut', async () => {
    const x = variable(-1, 2);
    const loss = sum(add(relu(mul(x, constant(3))), x));
    expect(await compute(...gradients(loss, [x]))).toEqual([[1, 4]]);
  });

  it('of intermediate tensors, and of the loss itself, are there too', async () => {
    const x = variable(1, 2);
    const y = mul(x, x);
    const loss = sum(mul(y, constant(3)));
    expect(await compute(...gradients(loss, [y, x, loss]))).toEqual([[3, 3], [6, 12], [1]]);
  });

  it('start from an upstream gradient where the tensor is no scalar', async () => {
    const x = variable(1, 2);
    const upstream = variable(10, 100);
    expect(await compute(...gradients(mul(x, x), [x], upstream))).toEqual([[20, 400]]);
  });

  it('are graph nodes that can be differentiated again', async () => {
    const x = variable(2, 3);
    const [first] = gradients(sum(mul(mul(x, x), x)), [x]);
    expect(await compute(...gradients(sum(first), [x]))).toEqual([[12, 18]]);
  });

  it('of a deep graph need no recursion', () => {
    const x = variable(1);
    let y: Tensor = x;
    for (let i = 0; i < 20_000; i++) y = add(y, x);
    expect(gradients(sum(y), [x])[0].shape).toEqual([1]);
  });
});

describe('gradients refuse', () => {
  it('a loss that is no scalar', () => {
    expect(() => gradients(variable(1, 2), [])).toThrow('start from a scalar loss, but this one has shape [2]');
  });

  it('an upstream gradient of another shape', () => {
    const x = variable(1, 2);
    expect(() => gradients(x, [x], variable(1, 2, 3))).toThrow('has shape [3], the differentiated tensor [2]');
  });

  it('a target that the loss does not depend on', () => {
    const [x, other] = [variable(1), variable(2)];
    expect(() => gradients(sum(x), [other])).toThrow('the loss does not depend on Variable [1] float32');
  });

  it('a target that is only reached through integers', () => {
    const labels = new Input('labels', [2], 'int32');
    const loss = softmaxCrossEntropy(reshape(variable(1, 2, 3, 4), [2, 2]), labels);
    expect(() => gradients(loss, [labels])).toThrow('does not depend on Input [2] int32');
  });

  it('an operation without a gradient rule, by name', () => {
    const x = variable(1, 2);
    const [first] = gradients(sum(relu(x)), [x]);
    expect(() => gradients(sum(mul(first, x)), [first.inputs[1]])).toThrow('reluGradient has no gradient');
  });
});

describe('ancestors', () => {
  it('are each there once, inputs before results', () => {
    const x = variable(1);
    const y = exp(x);
    const z = sub(y, mul(y, x));
    const order = ancestors(z);
    expect(order).toHaveLength(4);
    for (const node of order)
      for (const input of node.inputs) expect(order.indexOf(input)).toBeLessThan(order.indexOf(node));
  });
});
