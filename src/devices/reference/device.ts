// The oracle: plain loops in float64 that every other device is compared with. It is not for training: clear code comes
// before speed, and each run allocates. Picture: walk the graph's nodes in order, keep an array for each, and drop it
// after its last reader.

import { ResiduaError } from '../../errors.ts';
import { Input, type Tensor, Variable } from '../../tensor/tensor.ts';
import type { Device, Feed, Graph, NonFinite, Program, Values } from '../device.ts';
import { type CollectedGraph, checkWritten, collectGraph, feedOf } from '../graph.ts';
import type { Numbers } from './kernel.ts';
import { kernels } from './kernels.ts';

/**
 * A device that computes in float64. Variables keep their float64 values from run to run; what is handed out is rounded
 * to float32.
 */
export function createReferenceDevice(): Device {
  return new ReferenceDevice();
}

class ReferenceDevice implements Device {
  readonly name = 'reference';
  readonly threads = 1;
  readonly #variables = new Map<Variable, Numbers>();
  #closed = false;

  async compile(graph: Graph): Promise<Program> {
    this.#assertOpen();
    const plan = collectGraph(graph);
    for (const node of plan.nodes) {
      if (node.operation && !kernels[node.operation.name]) {
        throw new ResiduaError(`the reference device has no kernel for ${node.operation.name}`);
      }
    }
    for (const variable of plan.variables) {
      if (!this.#variables.has(variable)) this.#variables.set(variable, widen(variable, variable.value));
    }
    const dying = lastUses(graph, plan);
    return {
      workspaceBytes: peakBytes(plan, dying),
      run: (feeds) => this.#run(graph, plan, dying, feeds),
      examine: async (feeds) => this.#examine(plan, dying, feeds),
    };
  }

  #run(
    graph: Graph,
    plan: CollectedGraph,
    dying: readonly (readonly Tensor[])[],
    feeds: Readonly<Record<string, Feed>>,
  ): Record<string, Values> {
    this.#assertOpen();
    const computed = new Map<Tensor, Numbers>();
    const numbersOf = (tensor: Tensor) => computed.get(tensor)!;
    plan.nodes.forEach((node, i) => {
      computed.set(node, this.#evaluate(node, numbersOf, feeds));
      for (const tensor of dying[i]) computed.delete(tensor);
    });
    const outputs: Record<string, Values> = {};
    for (const [name, tensor] of Object.entries(graph.outputs)) outputs[name] = narrow(numbersOf(tensor));
    for (const { variable, value } of plan.assignments) this.#variables.set(variable, numbersOf(value));
    return outputs;
  }

  /** Float64 holds what float32 does not: what counts is whether a number could be handed out. */
  #examine(
    { nodes, assignments }: CollectedGraph,
    dying: readonly (readonly Tensor[])[],
    feeds: Readonly<Record<string, Feed>>,
  ): NonFinite | undefined {
    this.#assertOpen();
    const computed = new Map<Tensor, Numbers>();
    for (const [i, tensor] of nodes.entries()) {
      const numbers = this.#evaluate(tensor, (input) => computed.get(input)!, feeds);
      const index = numbers.findIndex((x) => !Number.isFinite(Math.fround(x)));
      if (index >= 0) return { tensor, found: Math.fround(numbers[index]) };
      computed.set(tensor, numbers);
      for (const dead of dying[i]) computed.delete(dead);
    }
    for (const { variable, value } of assignments) this.#variables.set(variable, computed.get(value)!);
    return undefined;
  }

  #evaluate(node: Tensor, numbersOf: (tensor: Tensor) => Numbers, feeds: Readonly<Record<string, Feed>>): Numbers {
    if (node instanceof Input) return widen(node, feedOf(node, feeds));
    if (node instanceof Variable) return this.#variables.get(node)!;
    return kernels[node.operation!.name](node, node.inputs.map(numbersOf));
  }

  async read(variable: Variable): Promise<Values> {
    this.#assertOpen();
    const numbers = this.#variables.get(variable);
    if (numbers) variable.value = narrow(numbers);
    return variable.value;
  }

  async write(variable: Variable, values: Values): Promise<void> {
    this.#assertOpen();
    checkWritten(variable, values);
    this.#variables.set(variable, widen(variable, values));
    variable.value = values.slice();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#variables.clear();
  }

  #assertOpen(): void {
    if (this.#closed) throw new ResiduaError('the reference device is closed');
  }
}

function widen(tensor: Tensor, values: Feed): Numbers {
  const list = typeof values === 'number' ? [values] : values;
  return tensor.dtype === 'int32' ? Int32Array.from(list) : Float64Array.from(list);
}

function narrow(numbers: Numbers): Values {
  return numbers instanceof Int32Array ? numbers.slice() : Float32Array.from(numbers);
}

/** For each node in order, the tensors that nothing needs after it. */
function lastUses(graph: Graph, { nodes, assignments }: CollectedGraph): Tensor[][] {
  const needed = new Set<Tensor>([...Object.values(graph.outputs), ...assignments.map(({ value }) => value)]);
  const dying = nodes.map((): Tensor[] => []);
  for (let i = nodes.length - 1; i >= 0; i--) {
    for (const tensor of [nodes[i], ...nodes[i].inputs]) {
      if (needed.has(tensor)) continue;
      needed.add(tensor);
      dying[i].push(tensor);
    }
  }
  return dying;
}

/** The largest sum of arrays that are alive at one time, variables excluded. */
function peakBytes({ nodes }: CollectedGraph, dying: readonly (readonly Tensor[])[]): number {
  const bytes = (tensor: Tensor) => (tensor instanceof Variable ? 0 : tensor.size * (tensor.dtype === 'int32' ? 4 : 8));
  let alive = 0;
  let peak = 0;
  nodes.forEach((node, i) => {
    alive += bytes(node);
    peak = Math.max(peak, alive);
    for (const tensor of dying[i]) alive -= bytes(tensor);
  });
  return peak;
}
