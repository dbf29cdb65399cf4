// From a graph of tensors to ONNX's nodes. Tensors are met in the order in which they were made. Most become a node
// (translate.ts); a product with constant weights waits for the affines that follow it, which become part of its weights.
//
//   conv - sub mean - mul scale - add bias        one Conv
//   sum over the map - mul 1/49                   one GlobalAveragePool
//   x - sub mean - mul scale - add bias           one BatchNormalization, where no product stands before it

import { ancestors } from '../../tensor/autograd.ts';
import type { Input, Shape, Tensor } from '../../tensor/index.ts';
import type { Window } from '../../tensor/operations/convolution.ts';
import { type Affine, combine, identity, isIdentity, perChannel } from './affine.ts';
import { Constants } from './constants.ts';
import {
  type AttributeProto,
  attribute,
  floatAttribute,
  floats,
  integers,
  type NodeProto,
  type TensorProto,
} from './model-proto.ts';
import { translate, windowAttributes } from './translate.ts';

export interface OnnxGraph {
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
}

export interface GraphNames {
  /** What the file calls its one input. */
  readonly input: string;
  readonly output: string;
  /** Of parameters, and of layers' results. */
  nameOf(tensor: Tensor): string | undefined;
}

/** What a tensor is before it is written: an affine of something. */
interface Pending {
  readonly affine: Affine;
  readonly source: /** A value of the file. */
    | { readonly kind: 'value'; readonly name: string }
    /** A convolution or matrix product with constant weights. */
    | { readonly kind: 'product'; readonly tensor: Tensor }
    /** The mean of each map of x. */
    | { readonly kind: 'mean'; readonly x: Tensor };
}

/**
 * @param batch the extent that stands for the number of images: no other may be a multiple of it
 * @throws ResiduaError when the graph has an operation that is for training only
 */
export function writeGraph(input: Input, output: Tensor, batch: number, names: GraphNames): OnnxGraph {
  return new GraphWriter(input, output, batch, names).write();
}

class GraphWriter {
  readonly #output: Tensor;
  readonly #batch: number;
  readonly #names: GraphNames;
  readonly #constants: Constants;
  /** All that depends on the input, inputs before results. */
  readonly #order: readonly Tensor[];
  /** How many read a tensor. */
  readonly #readers = new Map<Tensor, number>();
  readonly #pending = new Map<Tensor, Pending>();
  /** Names of values, for tensors that have one. */
  readonly #written = new Map<Tensor, string>();
  readonly #valueNames: Set<string>;
  readonly #nodeNames = new Set<string>();
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];

  constructor(input: Input, output: Tensor, batch: number, names: GraphNames) {
    this.#output = output;
    this.#batch = batch;
    this.#names = names;
    this.#constants = new Constants(batch);
    this.#order = ancestors(output).filter((tensor) => !this.#constants.has(tensor));
    for (const tensor of this.#order) {
      for (const operand of tensor.inputs) this.#readers.set(operand, (this.#readers.get(operand) ?? 0) + 1);
    }
    this.#written.set(input, names.input);
    this.#valueNames = new Set([names.input, names.output]);
  }

  write(): OnnxGraph {
    for (const tensor of this.#order) {
      if (!tensor.operation) continue;
      const pending = this.#product(tensor) ?? this.#affine(tensor) ?? this.#mean(tensor);
      if (pending) this.#pending.set(tensor, pending);
      else this.#translate(tensor);
    }
    const last = this.#read(this.#output);
    // The output may be nothing but another value.
    if (last !== this.#names.output) this.#node('Identity', [last], this.#names.output);
    return { nodes: this.#nodes, initializers: this.#initializers };
  }

  #product(tensor: Tensor): Pending | undefined {
    const { name } = tensor.operation!;
    const fits = name === 'conv2d' || (name === 'matmul' && !tensor.attributes.transposeA);
    if (!fits || !this.#constants.has(tensor.inputs[1])) return undefined;
    return { source: { kind: 'product', tensor }, affine: identity(tensor.shape[1]) };
  }

  /** Arithmetic with a constant that is the same within a channel. */
  #affine({ operation, inputs, size }: Tensor): Pending | undefined {
    const constantAt = inputs.findIndex((each) => this.#constants.has(each));
    if (constantAt < 0 || inputs.length !== 2) return undefined;
    const constant = inputs[constantAt];
    const x = inputs[1 - constantAt];
    if (x.rank < 2 || x.size !== size) return undefined;
    const values = perChannel(this.#constants.valueOf(constant), constant.shape, x.shape);
    if (!values) return undefined;
    // What others read, too, is written for itself.
    const waiting = this.#readers.get(x) === 1 ? this.#pending.get(x) : undefined;
    const affine = combine(operation!.name, waiting?.affine ?? identity(x.shape[1]), values, constantAt === 0);
    return affine && { affine, source: waiting?.source ?? { kind: 'value', name: this.#read(x) } };
  }

  /** The sum of each map is so many times its mean. */
  #mean({ operation, inputs: [x], attributes }: Tensor): Pending | undefined {
    if (operation!.name !== 'sum' || x.rank !== 4 || String(attributes.axes) !== '2,3') return undefined;
    const [, channels, height, width] = x.shape;
    const { shift, uniform } = identity(channels);
    const scale = new Float64Array(channels).fill(height * width);
    return { source: { kind: 'mean', x }, affine: { scale, shift, uniform } };
  }

  #translate(tensor: Tensor): void {
    const { opType, attributes, integers: operands = {} } = translate(tensor, this.#batch);
    const inputs = tensor.inputs.map((input) => this.#read(input));
    const output = this.#resultName(tensor);
    for (const [name, values] of Object.entries(operands)) inputs.push(this.#integers(`${output}.${name}`, values));
    this.#node(opType, inputs, output, { attributes });
    this.#written.set(tensor, output);
  }

  /** The name of a tensor's value; writes what has been waiting. */
  #read(tensor: Tensor): string {
    const known = this.#written.get(tensor);
    if (known !== undefined) return known;
    const pending = this.#pending.get(tensor);
    const name = pending
      ? this.#settle(tensor, pending)
      : this.#floats(this.#label(tensor), tensor.shape, this.#constants.numbersOf(tensor));
    this.#written.set(tensor, name);
    return name;
  }

  #settle(tensor: Tensor, { source, affine }: Pending): string {
    if (source.kind === 'product') return this.#settleProduct(tensor, source.tensor, affine);
    if (source.kind === 'value') {
      return isIdentity(affine) ? source.name : this.#settleAffine(this.#resultName(tensor), source.name, affine);
    }
    const output = this.#resultName(tensor);
    const mean = isIdentity(affine) ? output : this.#free(`${output}.mean`);
    this.#node('GlobalAveragePool', [this.#read(source.x)], mean);
    return mean === output ? output : this.#settleAffine(output, mean, affine);
  }

  #settleAffine(output: string, x: string, { scale, shift, uniform }: Affine): string {
    if (uniform) return this.#scaleAndShift(output, x, scale[0], shift[0]);
    const channels = scale.length;
    const mean = new Float64Array(channels);
    const variance = new Float64Array(channels).fill(1);
    const inputs = Object.entries({ scale, shift, mean, variance }).map(([part, values]) => {
      return this.#floats(`${output}.${part}`, [channels], values);
    });
    // (x - 0) / sqrt(1 + 0) * scale + shift
    this.#node('BatchNormalization', [x, ...inputs], output, { attributes: [floatAttribute('epsilon', 0)] });
    return output;
  }

  /** The same two numbers for all elements. */
  #scaleAndShift(output: string, x: string, scale: number, shift: number): string {
    const shifts = Math.fround(shift) !== 0;
    let value = x;
    if (Math.fround(scale) !== 1) {
      value = shifts ? this.#free(`${output}.scaled`) : output;
      this.#node('Mul', [x, this.#floats(`${output}.scale`, [], [scale])], value);
    }
    if (shifts) this.#node('Add', [value, this.#floats(`${output}.shift`, [], [shift])], output);
    return output;
  }

  /** @param result what the affine gives; @param product the convolution or matrix product that it is of */
  #settleProduct(result: Tensor, product: Tensor, { scale, shift }: Affine): string {
    const [x, weight] = product.inputs;
    const isConvolution = product.operation!.name === 'conv2d';
    const transposeB = Boolean(product.attributes.transposeB);
    const weightName = this.#names.nameOf(weight) ?? `${this.#label(product)}.weight`;
    const layer = weightName.replace(/\.weight$/, '');

    // The output channel is a weight's first axis, but for a matrix that is not transposed.
    const channelsFirst = isConvolution || transposeB;
    const scaled = scaleChannels(this.#constants.numbersOf(weight), scale, channelsFirst);
    const operands = [this.#read(x), this.#floats(weightName, weight.shape, scaled)];
    if (shift.some((value) => value !== 0)) operands.push(this.#floats(`${layer}.bias`, [shift.length], shift));

    const output = this.#resultName(result);
    if (isConvolution) {
      const { stride, padding, groups = 1 } = product.attributes as unknown as Window;
      const attributes = [...windowAttributes(weight.shape.slice(2), stride, padding), attribute('group', groups)];
      this.#node('Conv', operands, output, { name: layer, attributes });
    } else {
      this.#node('Gemm', operands, output, { name: layer, attributes: [attribute('transB', Number(transposeB))] });
    }
    return output;
  }

  #node(
    op_type: string,
    input: readonly string[],
    output: string,
    { name = output, attributes = [] }: { name?: string; attributes?: readonly AttributeProto[] } = {},
  ): void {
    const unique = unused(name, this.#nodeNames);
    this.#nodes.push({ name: unique, op_type, input, output: [output], attribute: attributes });
  }

  #floats(name: string, dims: Shape, values: ArrayLike<number>): string {
    const unique = this.#free(name);
    this.#initializers.push(floats(unique, dims, values));
    return unique;
  }

  #integers(name: string, values: readonly number[]): string {
    const unique = this.#free(name);
    this.#initializers.push(integers(unique, values));
    return unique;
  }

  /** The name of the tensor's value in the file. */
  #resultName(tensor: Tensor): string {
    return tensor === this.#output ? this.#names.output : this.#free(this.#label(tensor));
  }

  #label(tensor: Tensor): string {
    return this.#names.nameOf(tensor) ?? tensor.operation?.name ?? 'constant';
  }

  #free(name: string): string {
    return unused(name, this.#valueNames);
  }
}

/** Weights times their output channel's number; the channel is the first axis, or else the last. */
function scaleChannels(weights: ArrayLike<number>, scale: Float64Array, channelsFirst: boolean): Float32Array {
  const scaled = new Float32Array(weights.length);
  const channels = scale.length;
  const run = channelsFirst ? weights.length / channels : 1;
  for (let at = 0, channel = 0; at < weights.length; channel = (channel + 1) % channels) {
    for (const end = at + run; at < end; at++) scaled[at] = weights[at] * scale[channel];
  }
  return scaled;
}

/** The name, with a number where it is taken; it is taken from then on. */
function unused(name: string, taken: Set<string>): string {
  let unique = name;
  for (let i = 2; taken.has(unique); i++) unique = `${name}_${i}`;
  taken.add(unique);
  return unique;
}
