// What each operation on each element is in WebAssembly, on four channels at a time.

import { ResiduaError } from '../../../errors.ts';
import type { DropoutMask } from '../../../tensor/operations/dropout.ts';
import { type FunctionBuilder, invoke, type ModuleBuilder } from '../assembler.ts';
import type { Emitter } from '../step.ts';
import { type Code, f32x4, i32x4, v128 } from '../wasm.ts';
import { dropoutMask } from './dropout.ts';
import { erf4, exp4, sigmoid4, tanh4 } from './math.ts';

export interface PassNode {
  readonly operation: string;
  /** Numbers of leaves, then of nodes, counted on. */
  readonly inputs: readonly number[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly integer: boolean;
}

/** Which pixel and which vector of channels is computed: dropout needs to know. */
export interface Place {
  readonly pixel: Code;
  readonly block: Code;
}

type Operation = (module: ModuleBuilder, a: Code, b: Code) => Code;

const viaFunction =
  (build: (module: ModuleBuilder) => FunctionBuilder): Operation =>
  (module, a) =>
    invoke(build(module), a);

const operations: Readonly<Record<string, Operation>> = {
  add: (_, a, b) => f32x4.add(a, b),
  sub: (_, a, b) => f32x4.sub(a, b),
  mul: (_, a, b) => f32x4.mul(a, b),
  div: (_, a, b) => f32x4.div(a, b),
  // a < 0 ? 0 : a, so NaN stays.
  relu: (_, a) => f32x4.pmax(a, f32x4.const(0)),
  reluGradient: (_, upstream, y) => v128.and(upstream, f32x4.gt(y, f32x4.const(0))),
  sqrt: (_, a) => f32x4.sqrt(a),
  exp: viaFunction(exp4),
  sigmoid: viaFunction(sigmoid4),
  tanh: viaFunction(tanh4),
  erf: viaFunction(erf4),
  broadcastTo: (_, a) => a,
  copy: (_, a) => a,
};

const functions = new Set(['exp', 'sigmoid', 'tanh', 'erf', 'dropoutMask']);

/** Whether a function is called for some node. V8 13 dies over pairs of vectors that go through calls. */
export const callsFunctions = (nodes: readonly PassNode[]): boolean =>
  nodes.some(({ operation }) => functions.has(operation));

/** How often each leaf and node is used. */
export function usesOf(leaves: number, nodes: readonly PassNode[], results: readonly number[]): number[] {
  const uses = Array<number>(leaves + nodes.length).fill(0);
  for (const input of [...nodes.flatMap(({ inputs }) => inputs), ...results]) uses[input]++;
  return uses;
}

/**
 * Values of leaves, then of nodes. A product that is only used in a sum or difference becomes one fused operation with it.
 *
 * @param leaves code without effects; what is used more than once is held in a local already
 * @param place where `dropoutMask` is among the nodes
 */
export function computeNodes(
  e: Emitter,
  f: FunctionBuilder,
  nodes: readonly PassNode[],
  leaves: readonly Code[],
  uses: readonly number[],
  place?: Place,
): Code[] {
  const computed = [...leaves];
  const factors = new Map<number, readonly [Code, Code]>();
  for (const node of nodes) {
    const index = computed.length;
    const inputs = node.inputs.map((input) => computed[input]);
    if (node.operation === 'mul' && uses[index] === 1) factors.set(index, [inputs[0], inputs[1]]);
    const position = node.inputs.findIndex((input, k) => factors.has(input) && (k === 1 || node.operation === 'add'));
    const product = position < 0 ? undefined : { position, factors: factors.get(node.inputs[position])! };
    const value = computeElement(e, node, inputs, product, place);
    computed.push(uses[index] > 1 ? f.vector(value) : value);
  }
  return computed;
}

/**
 * @param product the factors of an input that is a product and not used elsewhere, by the input's position
 */
function computeElement(
  e: Emitter,
  node: PassNode,
  inputs: readonly Code[],
  product: { readonly position: number; readonly factors: readonly [Code, Code] } | undefined,
  place: Place | undefined,
): Code {
  if (node.operation === 'add' && node.integer) return i32x4.add(inputs[0], inputs[1]);
  if (node.operation === 'add' && product) return e.madd(...product.factors, inputs[1 - product.position]);
  if (node.operation === 'sub' && product) return e.nmadd(...product.factors, inputs[0]);
  if (node.operation === 'dropoutMask') {
    return dropoutMask(e.module, node.attributes as unknown as DropoutMask, {
      ...place!,
      step: i32x4.lane(inputs[0], 0),
    });
  }
  const operation = operations[node.operation];
  if (!operation) throw new ResiduaError(`the cpu device has no kernel for ${node.operation}`);
  return operation(e.module, inputs[0], inputs[1]);
}
