// From the compiler's plan to steps: every value that is stored gets a buffer and a geometry, every item the kernel that
// computes it. The halo of an image is the widest that one of its readers wants.

import type { Plan } from '../../compiler/compile.ts';
import type { Item, Pass } from '../../compiler/fusion.ts';
import type { Value } from '../../compiler/value.ts';
import { type Axis, isVector } from '../../compiler/view.ts';
import { ResiduaError } from '../../errors.ts';
import type { Window } from '../../tensor/operations/convolution.ts';
import type { PoolWindow } from '../../tensor/operations/pooling.ts';
import type { Variable } from '../../tensor/tensor.ts';
import type { FunctionBuilder } from './assembler.ts';
import { chooseConvolution, shapeOf, weightsOf } from './choose-convolution.ts';
import { type FusedConvolutions, fuseConvolutions } from './fuse-convolutions.ts';
import { geometry, type Halo, noHalo } from './geometry.ts';
import { halosOf } from './halos.ts';
import { partBytes } from './kernels/channel-sums.ts';
import { resizeChannels } from './kernels/channels.ts';
import type { Statistics } from './kernels/convolution.ts';
import type { Epilogue, EpilogueLeaf } from './kernels/epilogue.ts';
import { binaryCrossEntropy, softmaxCrossEntropy, softmaxCrossEntropyGradient } from './kernels/loss.ts';
import { matmulKernel } from './kernels/matmul.ts';
import { type PassLeaf, passKernel } from './kernels/pointwise.ts';
import type { PassNode } from './kernels/pointwise-operations.ts';
import { averagePoolGradient, maxPoolGradient, pool } from './kernels/pooling.ts';
import { combineSum, combineVariance, spatialSum, sumAxes } from './kernels/reduction.ts';
import { type Places, relayout } from './kernels/relayout.ts';
import type { PlannedBuffer } from './memory-plan.ts';
import type { Buffer, Emitter, Image, Step } from './step.ts';

/** Partial sums of a 'channelSums', or of two. */
export interface Partials {
  readonly buffer: Buffer;
  readonly parts: number;
}

interface Work {
  readonly kernel: FunctionBuilder;
  readonly units: number;
}

export interface Lowered {
  readonly buffers: readonly PlannedBuffer[];
  imageOf(value: Value): Image;
  /** The item that is done with a step; no entry where the item goes on. */
  readonly completes: ReadonlyMap<Step, Item>;
  /** By the pass: the convolution that does it, and whose own result is stored nowhere. */
  readonly epilogues: ReadonlyMap<Item, Value>;
  /** Where a pass leaves its 'channelSums'. */
  partialsOf(sum: Value): Partials;
}

/**
 * Emits the steps of a plan.
 *
 * @param variableImage where a variable is kept
 */
export function lower(e: Emitter, plan: Plan, variableImage: (variable: Variable) => Image): Lowered {
  let last: Step | undefined;
  const step = (emitted: Step): void => {
    last = emitted;
    e.step(emitted);
  };
  const lowering = new Lowering({ ...e, step }, plan, variableImage);
  for (const item of plan.items) {
    last = undefined;
    lowering.item(item);
    if (last) lowering.completes.set(last, item);
  }
  for (const { variable, value } of plan.deferred) lowering.copy(value, variable);
  return lowering;
}

class Lowering implements Lowered {
  readonly buffers: PlannedBuffer[] = [];
  readonly completes = new Map<Step, Item>();
  readonly #e: Emitter;
  readonly #plan: Plan;
  readonly #variableImage: (variable: Variable) => Image;
  readonly #halos: ReadonlyMap<Value, Halo>;
  readonly #outputs: ReadonlySet<Value>;
  readonly #images = new Map<Value, Image>();
  readonly #partials = new Map<Value, Partials>();
  readonly #fused: FusedConvolutions;

  constructor(e: Emitter, plan: Plan, variableImage: (variable: Variable) => Image) {
    this.#e = e;
    this.#plan = plan;
    this.#variableImage = variableImage;
    this.#fused = fuseConvolutions(plan);
    this.#halos = halosOf(plan.items, this.#fused.alike);
    this.#outputs = new Set([...plan.outputs.values()].map(({ value }) => value));
  }

  get epilogues(): ReadonlyMap<Item, Value> {
    return this.#fused.epilogues;
  }

  partialsOf(sum: Value): Partials {
    return this.#partials.get(sum)!;
  }

  imageOf(value: Value): Image {
    const known = this.#images.get(value);
    if (known) return known;
    const image = this.#place(value);
    this.#images.set(value, image);
    return image;
  }

  #place(value: Value): Image {
    if (value.operation === 'variable') return this.#variableImage(value.leaf as Variable);
    const assigned = this.#plan.inPlace.get(value);
    if (assigned) return this.#variableImage(assigned.variable);
    const g = geometry(value.view, this.#halos.get(value) ?? noHalo);
    const buffer: PlannedBuffer = {
      name: `${value.operation}.${value.id}`,
      bytes: g.bytes,
      geometry: g,
      isInput: value.operation === 'input',
      isOutput: this.#outputs.has(value),
    };
    this.buffers.push(buffer);
    return { buffer, geometry: g };
  }

  /** The value into a variable's memory. */
  copy(value: Value, variable: Variable): void {
    const [source, target] = [this.imageOf(value), this.#variableImage(variable)];
    const { kernel, units } = passKernel(this.#e, {
      view: value.view,
      leaves: [{ kind: 'memory', geometry: source.geometry }],
      nodes: [],
      stores: [{ value: 0, geometry: target.geometry }],
      sums: [],
    });
    const [reads, writes] = [[source.buffer], [target.buffer]];
    this.#e.step({ name: 'copy', kernel, units, reads, writes });
  }

  item(item: Item): void {
    if (this.#fused.done.has(item)) return;
    const convolution = this.#fused.epilogues.get(item);
    if (convolution) this.#convolution(convolution, item as Pass);
    else if (item.kind === 'pass') this.#pass(item);
    else this.#single(item.value);
  }

  #pass(pass: Pass): void {
    const { leaves, roots, sums } = pass;
    const { nodes, numbers } = nodesOf(pass);
    const inMemory = leaves.filter(({ operation }) => operation !== 'constant').map((leaf) => this.imageOf(leaf));
    const stores = roots.map((root) => this.imageOf(root));
    const { view } = roots[0] ?? sums[0].inputs[0];
    const { kernel, units, threadBytes } = passKernel(this.#e, {
      view,
      leaves: leaves.map((leaf): PassLeaf => {
        if (leaf.operation !== 'constant') return { kind: 'memory', geometry: this.imageOf(leaf).geometry };
        const { value, integer } = leaf.attributes as { value: number; integer: boolean };
        return { kind: 'constant', value, integer };
      }),
      nodes,
      stores: roots.map((root, i) => ({ value: numbers(root), geometry: stores[i].geometry })),
      sums: sums.map(({ inputs }) => numbers(inputs[0])),
    });
    const partials = sums.map((sum) => {
      const buffer = this.#e.scratch(`channelSums.${sum.id}`, partBytes(view.c) * units);
      this.#partials.set(sum, { buffer, parts: units });
      return buffer;
    });
    const [reads, writes] = [inMemory.map(({ buffer }) => buffer), stores.map(({ buffer }) => buffer)];
    this.#e.step({
      name: `pass ${[...roots, ...sums].map((value) => value.operation).join(', ')}`,
      kernel,
      arguments: [...reads, ...writes, ...partials, ...(sums.length > 0 ? [{ threadBytes }] : [])],
      units,
      reads,
      writes: [...writes, ...partials],
    });
  }

  #single(value: Value): void {
    const { operation, inputs, attributes } = value;
    if (operation.startsWith('conv2d')) {
      this.#convolution(value);
    } else if (operation === 'matmul') {
      const options = attributes as { transposeA: boolean; transposeB: boolean };
      matmulKernel(this.#e, this.imageOf(inputs[0]), this.imageOf(inputs[1]), this.imageOf(value), options);
    } else {
      const combines = operation === 'combineSum' || operation === 'combineVariance';
      const { kernel, units } = combines ? this.#combination(value) : this.#kernelOf(value);
      const reads = inputs.map((input) => (combines ? this.partialsOf(input) : this.imageOf(input)).buffer);
      const { buffer } = this.imageOf(value);
      this.#e.step({ name: operation, kernel, units, reads, writes: [buffer] });
    }
  }

  #combination({ operation, inputs, attributes, view }: Value): Work {
    const parts = inputs.map((input) => this.partialsOf(input).parts);
    if (operation === 'combineSum') return { kernel: combineSum(this.#e, view.c, parts[0]), units: 1 };
    const kernel = combineVariance(this.#e, view.c, [parts[0], parts[1]], attributes.count as number);
    return { kernel, units: 1 };
  }

  #kernelOf(value: Value): Work {
    const e = this.#e;
    const { operation, inputs, attributes } = value;
    const [a, b] = inputs.map((input) => this.imageOf(input).geometry);
    const own = this.imageOf(value).geometry;
    const window = attributes as unknown as PoolWindow;
    const smoothing = attributes.labelSmoothing as number;
    switch (operation) {
      case 'relayout':
        return relayout(e, attributes.from as Places, a, attributes.to as Places, own);
      case 'maxPool2d':
        return pool(e, 'max', a, own, window);
      case 'avgPool2d':
        return pool(e, 'average', a, own, window);
      case 'maxPool2dGradient':
        return maxPoolGradient(e, a, b, own, window);
      case 'avgPool2dGradient':
        return averagePoolGradient(e, a, own, window);
      case 'resizeChannels':
        return { kernel: resizeChannels(e, a, own), units: own.n };
      case 'spatialSum':
        return { kernel: spatialSum(e, a, own), units: own.n };
      case 'sumAxes':
        return { kernel: sumAxes(e, a, own, attributes.axes as Axis[]), units: own.n };
      case 'softmaxCrossEntropy':
        return { kernel: softmaxCrossEntropy(e, a, smoothing), units: 1 };
      case 'softmaxCrossEntropyGradient':
        return { kernel: softmaxCrossEntropyGradient(e, a, own, smoothing), units: own.n };
      case 'binaryCrossEntropy':
        return { kernel: binaryCrossEntropy(e, a, b), units: 1 };
      default:
        throw new ResiduaError(`the cpu device has no kernel for ${operation}`);
    }
  }

  /** @param pass what the convolution does with its result instead of storing it */
  #convolution(value: Value, pass?: Pass): void {
    const shape = shapeOf(value);
    const window = value.attributes as unknown as Window;
    const kernels = chooseConvolution(shape);
    const [first, second] = value.inputs.map((input) => this.imageOf(input));
    const own = this.imageOf(pass ? pass.roots[0] : value);
    if (value.operation === 'conv2dInputGradient') {
      kernels.inputGradient(this.#e, { upstream: first, weights: weightsOf(second), dx: own, window });
    } else if (value.operation === 'conv2dWeightGradient') {
      kernels.weightGradient(this.#e, { x: first, upstream: second, gradient: weightsOf(own), window });
    } else {
      const summed = this.#fused.statistics.get(value);
      const found = kernels.forward(this.#e, {
        x: first,
        weights: weightsOf(second),
        y: own,
        window,
        statistics: summed !== undefined,
        epilogue: pass && this.#epilogue(pass, value),
      });
      if (summed) this.#takeStatistics(summed, value, found!);
    }
  }

  #epilogue(pass: Pass, result: Value): Epilogue {
    const { nodes, numbers } = nodesOf(pass);
    const leaves = pass.leaves.map((leaf): EpilogueLeaf => {
      if (leaf === result) return { kind: 'result' };
      if (leaf.operation === 'constant') return { kind: 'constant', value: leaf.attributes.value as number };
      return { kind: isVector(leaf.view) ? 'channels' : 'elements', image: this.imageOf(leaf) };
    });
    return { leaves, nodes, value: numbers(pass.roots[0]) };
  }

  #takeStatistics(pass: Pass, convolution: Value, { sums, squares, parts }: Statistics): void {
    for (const sum of pass.sums) {
      this.#partials.set(sum, { buffer: sum.inputs[0] === convolution ? sums : squares, parts });
    }
  }
}

/** What a pass computes, and the numbers of its leaves and of that. */
function nodesOf({ leaves, body }: Pass): { readonly nodes: readonly PassNode[]; numbers(value: Value): number } {
  const places = new Map([...leaves, ...body].map((value, i) => [value, i]));
  const numbers = (value: Value): number => places.get(value)!;
  const nodes = body.map(
    ({ operation, inputs, attributes, dtype }): PassNode => ({
      operation,
      inputs: inputs.map(numbers),
      attributes,
      integer: dtype === 'int32',
    }),
  );
  return { nodes, numbers };
}
