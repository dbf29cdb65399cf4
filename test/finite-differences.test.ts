// Every gradient rule against central differences. The difference quotient is itself a graph, so the reference device
// computes it in float64 throughout and only the quotient is rounded to float32:
//
//   (L(x + h d) - L(x - h d)) / 2h      for every direction d that changes one element, h = 1e-5

import { describe, expect, it } from 'vitest';
import { createReferenceDevice } from '../src/devices/reference/device.ts';
import { kernels } from '../src/devices/reference/kernels.ts';
import { ancestors } from '../src/tensor/autograd.ts';
import * as tensors from '../src/tensor/index.ts';
import { gradients, Input, type Shape, type Tensor, Variable } from '../src/tensor/index.ts';
import { relativeError } from './compare.ts';
import { type GradientCase, gradientCases } from './gradient-cases.ts';
import { distinctNumbers } from './numbers.ts';

const STEP = 1e-5;
/** The quotient's own error is about 1e-10; float32 rounding of both results adds 6e-8 each. */
const BOUND = 1e-6;

/** sum of f(inputs) times fixed different weights, so that every element of the upstream gradient differs. */
function scalarLoss(f: GradientCase['f'], inputs: readonly Tensor[]): Tensor {
  const result = f(...inputs);
  const weights = new Variable(result.shape, distinctNumbers(result.shape, { seed: 99 }));
  return tensors.sum(tensors.mul(result, weights));
}

/** Nodes of a case's forward graph and of its gradients. */
function graphOf({ f, inputs }: GradientCase) {
  const variables = inputs.map((input, i) => toVariable(input, i));
  const loss = scalarLoss(f, variables);
  return { variables, loss, analytic: gradients(loss, variables) };
}

function toVariable({ shape, low, high }: GradientCase['inputs'][number], seed: number): Variable {
  return new Variable(shape, distinctNumbers(shape, { seed, low, high }));
}

async function numericGradient(f: GradientCase['f'], variables: readonly Variable[], which: number) {
  const shape: Shape = variables[which].shape;
  const direction = new Input('direction', shape);
  const lossAt = (h: number) => {
    const move = tensors.mul(direction, tensors.constant(h));
    return scalarLoss(
      f,
      variables.map((variable, i) => (i === which ? tensors.add(variable, move) : variable)),
    );
  };
  const quotient = tensors.div(tensors.sub(lossAt(STEP), lossAt(-STEP)), tensors.constant(2 * STEP));
  const program = await createReferenceDevice().compile({ outputs: { quotient } });
  const result = new Float32Array(variables[which].size);
  for (let i = 0; i < result.length; i++) {
    const oneHot = new Float32Array(result.length);
    oneHot[i] = 1;
    result[i] = (await program.run({ direction: oneHot })).quotient[0];
  }
  return result;
}

const cases = Object.entries(gradientCases).flatMap(([operation, list]) =>
  list.map((gradientCase) => ({ ...gradientCase, title: `${operation}: ${gradientCase.label}` })),
);

describe('the gradient of', () => {
  it.each(cases)('$title agrees with central differences', async (gradientCase) => {
    const { variables, analytic } = graphOf(gradientCase);
    const outputs = Object.fromEntries(analytic.map((gradient, i) => [String(i), gradient]));
    const program = await createReferenceDevice().compile({ outputs });
    const values = await program.run({});
    for (let i = 0; i < variables.length; i++) {
      expect(analytic[i].shape).toEqual(variables[i].shape);
      const numeric = await numericGradient(gradientCase.f, variables, i);
      expect(relativeError(values[i], numeric), `input ${i}`).toBeLessThan(BOUND);
    }
  });
});

describe('the cases', () => {
  it('cover every function that src/tensor exports', () => {
    const notOperations = ['gradients', 'assign', 'Input', 'Tensor', 'Variable', 'ShapeError'];
    const operations = Object.keys(tensors).filter((name) => !notOperations.includes(name));
    expect(Object.keys(gradientCases).sort()).toEqual(operations.sort());
  });

  it('cover every operation that a device can run', () => {
    const used = new Set<string>();
    for (const gradientCase of cases) {
      for (const node of ancestors(...graphOf(gradientCase).analytic))
        if (node.operation) used.add(node.operation.name);
      for (const node of ancestors(graphOf(gradientCase).loss)) if (node.operation) used.add(node.operation.name);
    }
    expect([...used].sort()).toEqual(Object.keys(kernels).sort());
  });
});
