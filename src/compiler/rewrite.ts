// From tensors to values. On the way every tensor gets its place in memory, and these operations come in that only the
// compiler knows:
//
//   copy             the same numbers in memory of their own
//   relayout         the same numbers at other places of memory (a reshape that is not free, weights used as images, ...)
//   channelSums      float64 sums of each channel over all pixels, in a fixed number of parts
//   combineSum       those parts added up: a vector
//   combineVariance  E[x^2] - E[x]^2 from the sums of x and of x^2, in float64 (in float32 the difference would cancel)
//   spatialSum       sums over the pixels of each image
//   sumAxes          sums over any other axes

import type { Graph } from '../devices/device.ts';
import type { CollectedGraph } from '../devices/graph.ts';
import { ResiduaError } from '../errors.ts';
import { formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import { Input, type Tensor, Variable } from '../tensor/tensor.ts';
import { chooseLayouts } from './layouts.ts';
import { constantOf, isPointwise, type Value, ValueTable } from './value.ts';
import { type Axis, axes, isVector, type Layout, placeKey, placesOf, sameView, type View, viewOf } from './view.ts';

/** A variable or an output, where its elements are. */
export interface Placed {
  readonly value: Value;
  /** The axes of memory that the tensor's own axes go to, in PyTorch's order. */
  readonly places: readonly (readonly [Axis, number])[];
}

export interface Rewritten {
  readonly outputs: ReadonlyMap<string, Placed>;
  readonly assignments: readonly { readonly variable: Variable; readonly value: Value }[];
  readonly layoutOf: (tensor: Tensor) => Layout;
  readonly values: readonly Value[];
}

/** On plain numbers. */
export const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
};

const scalarView: View = { n: 1, h: 1, w: 1, c: 1 };

export function rewrite(graph: Graph, collected: CollectedGraph): Rewritten {
  const rewriter = new Rewriter(chooseLayouts(collected), collected.nodes[0]);
  for (const node of collected.nodes) rewriter.visit(node);
  const outputs = new Map<string, Placed>();
  for (const [name, tensor] of Object.entries(graph.outputs)) outputs.set(name, rewriter.output(tensor));
  const assignments = collected.assignments.map(({ variable, value }) => ({
    variable,
    value: rewriter.assigned(value, variable),
  }));
  return { outputs, assignments, layoutOf: rewriter.layoutOf, values: rewriter.table.values };
}

class Rewriter {
  readonly table: ValueTable;
  readonly layoutOf: (tensor: Tensor) => Layout;
  readonly #values = new Map<Tensor, Value>();

  constructor(layoutOf: (tensor: Tensor) => Layout, first: Tensor) {
    this.layoutOf = layoutOf;
    this.table = new ValueTable(first);
  }

  visit(node: Tensor): void {
    this.table.tensor = node;
    this.#values.set(node, this.#rewrite(node));
  }

  /** Outputs are read after the run, when variables have changed: they need memory of their own. */
  output(tensor: Tensor): Placed {
    this.table.tensor = tensor;
    const layout = this.layoutOf(tensor);
    return { value: this.#computed(this.#values.get(tensor)!), places: placesOf(tensor.shape, layout) };
  }

  assigned(tensor: Tensor, variable: Variable): Value {
    this.table.tensor = tensor;
    return this.#pointwiseOf(this.#place(tensor, this.layoutOf(variable)));
  }

  #computed(value: Value): Value {
    return value.leaf ? this.#copy(value) : this.#materialised(value);
  }

  #pointwiseOf(value: Value): Value {
    return isPointwise(value) ? value : this.#copy(value);
  }

  #copy(value: Value): Value {
    return this.table.make('copy', [value], value.view, { dtype: value.dtype });
  }

  /** The tensor's value where the layout wants its elements. */
  #place(tensor: Tensor, layout: Layout): Value {
    return this.#relayout(tensor, tensor.shape, layout);
  }

  #relayout(tensor: Tensor, newShape: Shape, newLayout: Layout): Value {
    const { shape } = tensor;
    const [value, layout] = [this.#values.get(tensor)!, this.layoutOf(tensor)];
    if (placeKey(shape, layout) === placeKey(newShape, newLayout)) return value;
    const attributes = { from: placesOf(shape, layout), to: placesOf(newShape, newLayout) };
    return this.table.make('relayout', [value], viewOf(newShape, newLayout), { attributes, dtype: value.dtype });
  }

  /** As the data of a convolution or pooling: variables have no halo, so they are copied first. */
  #image(tensor: Tensor): Value {
    const value = this.#place(tensor, 'image');
    return isGiven(value) ? this.#copy(value) : value;
  }

  #rewrite(node: Tensor): Value {
    const layout = this.layoutOf(node);
    const { dtype } = node;
    const view = viewOf(node.shape, layout);
    if (node instanceof Input) return this.table.make('input', [], view, { dtype, leaf: node });
    if (node instanceof Variable) return this.table.make('variable', [], view, { dtype, leaf: node });
    const { attributes, inputs } = node;
    const opaque = (...values: Value[]) => this.table.make(node.operation!.name, values, view, { attributes, dtype });
    switch (node.operation!.name) {
      case 'constant':
        return opaque();
      case 'dropoutMask':
        return opaque(this.#place(inputs[0], 'image'));
      case 'reshape':
        return this.#relayout(inputs[0], node.shape, layout);
      case 'conv2d':
      case 'conv2dInputGradient':
        return opaque(this.#image(inputs[0]), this.#place(inputs[1], 'weight'));
      case 'conv2dWeightGradient':
      case 'maxPool2d':
      case 'maxPool2dGradient':
      case 'avgPool2d':
      case 'avgPool2dGradient':
      case 'resizeChannels':
      case 'softmaxCrossEntropy':
      case 'softmaxCrossEntropyGradient':
      case 'binaryCrossEntropy':
        return opaque(...inputs.map((input) => this.#image(input)));
      case 'matmul':
        return this.#matmul(node);
      case 'channelVariance':
        return this.#variance(this.#place(inputs[0], 'image'));
      case 'sum': {
        const [x] = inputs;
        const summed = attributes.axes as readonly number[];
        // A sum over everything takes the elements as they lie.
        if (summed.length === x.rank) return this.#sum(this.#values.get(x)!, new Set(axes));
        if (x.rank > 4) throw unsupported('a sum over some axes', x.shape);
        const places = placesOf(x.shape, 'image');
        return this.#sum(this.#place(x, 'image'), new Set(summed.map((axis) => places[axis][0])));
      }
      default:
        return this.#pointwise(node, layout, view);
    }
  }

  #pointwise(node: Tensor, layout: Layout, view: View): Value {
    const { name } = node.operation!;
    const operands = node.inputs.map((input) => this.#operand(input, node.shape, layout));
    const value = this.simplified(name, operands, view) ?? this.#folded(name, operands, view);
    return value ?? this.table.make(name, operands, view, { dtype: node.dtype });
  }

  /**
   * A batch norm with fixed statistics, put into the convolution before it:
   *
   *   (conv(x, w) - mean) scale + bias = conv(x, w scale) + (bias - mean scale)
   */
  #folded(operation: string, [product, bias]: readonly Value[], view: View): Value | undefined {
    if (operation !== 'add' || product.operation !== 'mul') return undefined;
    const [difference, scale] = product.inputs;
    if (difference.operation !== 'sub') return undefined;
    const [convolution, mean] = difference.inputs;
    const perChannel = [mean, scale, bias].every((value) => isVector(value.view) && this.#isFixed(value));
    if (convolution.operation !== 'conv2d' || !perChannel) return undefined;
    const [x, weight] = convolution.inputs;
    const scaled = this.table.make('mul', [weight, scale], weight.view);
    const { attributes } = convolution;
    const y = this.table.make('conv2d', [x, scaled], view, { attributes });
    const shift = this.table.make('sub', [bias, this.table.make('mul', [mean, scale], scale.view)], scale.view);
    return this.table.make('add', [y, shift], view);
  }

  /** Whether the value depends on variables and constants alone. */
  #isFixed(value: Value): boolean {
    return isGiven(value) || (isPointwise(value) && value.inputs.every((input) => this.#isFixed(input)));
  }

  /** An input of an operation on each element: aligned at the last axis, in the layout of the result. */
  #operand(input: Tensor, shape: Shape, layout: Layout): Value {
    let value: Value;
    if (sameShape(input.shape, shape)) value = this.#place(input, layout);
    else if (input.size === 1) value = this.#values.get(input)!;
    else if (shape.length > 4) throw unsupported('broadcasting', shape);
    else {
      const aligned = [...Array<number>(shape.length - input.rank).fill(1), ...input.shape];
      value = this.#relayout(input, aligned, layout);
    }
    return value.operation === 'broadcastTo' ? value.inputs[0] : value;
  }

  /** A value that exists already or a constant, where that is all the operation comes to. */
  simplified(operation: string, [a, b]: readonly Value[], view: View): Value | undefined {
    const [x, y] = [a && constantOf(a), b && constantOf(b)];
    const compute = arithmetic[operation];
    if (compute && a.dtype === 'float32') {
      if (x !== undefined && y !== undefined && sameView(view, scalarView)) {
        const value = Math.fround(compute(Math.fround(x), Math.fround(y)));
        return this.table.make('constant', [], scalarView, { attributes: { value, integer: false } });
      }
      if (y === 1 && (operation === 'mul' || operation === 'div') && sameView(a.view, view)) return a;
      if (x === 1 && operation === 'mul' && sameView(b.view, view)) return b;
    }
    return operation === 'broadcastTo' && sameView(a.view, view) ? a : undefined;
  }

  #matmul(node: Tensor): Value {
    const [a, b] = node.inputs;
    let { transposeA, transposeB } = node.attributes as { transposeA: boolean; transposeB: boolean };
    let left = this.#image(a);
    if (transposeA && transposeB) {
      const [k, m] = a.shape;
      const attributes = {
        from: placesOf(a.shape, 'image'),
        to: [
          ['c', k],
          ['n', m],
        ],
      };
      left = this.table.make('relayout', [left], viewOf([m, k], 'image'), { attributes });
      transposeA = false;
    }
    const attributes = { transposeA, transposeB };
    return this.table.make('matmul', [left, this.#place(b, 'image')], viewOf(node.shape, 'image'), { attributes });
  }

  #sum(x: Value, reduced: ReadonlySet<Axis>): Value {
    const wanted = axes.filter((axis) => reduced.has(axis) && x.view[axis] > 1);
    if (wanted.length === 0) return x;
    const view = withOnes(x.view, wanted);
    // A factor that doesn't change along the summed axes is taken out: the sum then often exists already.
    if (x.operation === 'mul') {
      const invariant = x.inputs.findIndex((factor) => wanted.every((axis) => factor.view[axis] === 1));
      const rest = x.inputs[1 - invariant];
      if (invariant >= 0 && wanted.every((axis) => rest.view[axis] === x.view[axis])) {
        const operands = [this.#sum(rest, new Set(wanted)), x.inputs[invariant]];
        return this.simplified('mul', operands, view) ?? this.table.make('mul', operands, view);
      }
    }
    const pixels = axes.filter((axis) => axis !== 'c' && x.view[axis] > 1);
    const coversPixels = pixels.length > 0 && pixels.every((axis) => wanted.includes(axis));
    if (coversPixels) {
      const vector = withOnes(x.view, pixels);
      const sums = this.table.make('channelSums', [x], vector);
      const combined = this.table.make('combineSum', [sums], vector);
      return wanted.includes('c')
        ? this.table.make('sumAxes', [combined], view, { attributes: { axes: ['c'] } })
        : combined;
    }
    const [spatial, others] = [wanted.filter(isSpatial), wanted.filter((axis) => !isSpatial(axis))];
    if (spatial.length > 0 && spatial.length === pixels.filter(isSpatial).length && !others.includes('n')) {
      const sums = this.table.make('spatialSum', [this.#materialised(x)], withOnes(x.view, spatial));
      return others.length > 0 ? this.table.make('sumAxes', [sums], view, { attributes: { axes: others } }) : sums;
    }
    return this.table.make('sumAxes', [this.#materialised(x)], view, { attributes: { axes: wanted } });
  }

  #materialised(value: Value): Value {
    return value.operation === 'constant' ? this.#copy(value) : value;
  }

  #variance(x: Value): Value {
    const { n, h, w, c } = x.view;
    const vector: View = { ...scalarView, c };
    const square = this.table.make('mul', [x, x], x.view);
    const sums = [x, square].map((summand) => this.table.make('channelSums', [summand], vector));
    return this.table.make('combineVariance', sums, vector, { attributes: { count: n * h * w } });
  }
}

const isGiven = ({ operation }: Value): boolean => operation === 'variable' || operation === 'constant';

const isSpatial = (axis: Axis): boolean => axis === 'h' || axis === 'w';

function withOnes(view: View, reduced: readonly Axis[]): View {
  return { ...view, ...Object.fromEntries(reduced.map((axis) => [axis, 1])) };
}

function unsupported(what: string, shape: Shape): ResiduaError {
  return new ResiduaError(`${what} in tensors of more than four axes, here ${formatShape(shape)}, is not supported`, {
    hint: 'Join axes with reshape first.',
  });
}
