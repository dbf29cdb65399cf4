// How weights begin. Each initialiser fills an array for a shape from an explicit random stream, so a seed gives the same
// weights on every machine. The picture: a layer's outputs should be about as large as its inputs, so the weights' spread
// shrinks with the number of values that are added up (the fan).

import { ResiduaError } from '../errors.ts';
import { Variable } from '../tensor/index.ts';
import type { RandomStream } from '../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.ts';

/** fan in: values that are added up for one output; fan out: outputs that one input flows into. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** Of a weight [out, in] or [out, in, kernelHeight, kernelWidth]. PyTorch: init._calculate_fan_in_and_fan_out. */
export function fans(shape: Shape): Fans {
  if (shape.length < 2) throw new ResiduaError(`fans need a weight of at least two axes, found ${formatShape(shape)}`);
  const receptiveField = sizeOf(shape.slice(2));
  return { fanIn: shape[1] * receptiveField, fanOut: shape[0] * receptiveField };
}

/** Fills an array for a shape; draws at most one word of the stream a value, or two for every two. */
export type Initialiser = (shape: Shape, random: RandomStream) => Float32Array;

/**
 * A parameter whose first value is drawn when it is first asked for. A model that is only looked at, or that gets its
 * weights from a file, never draws any; and no value depends on when, or whether, the others are drawn.
 */
export function parameter(shape: Shape, initialise: Initialiser, random: RandomStream): Variable {
  const size = sizeOf(shape);
  const own = random.fork(size + (size % 2));
  return new Variable(shape, () => initialise(shape, own), { trainable: true });
}

/** A loop: Float32Array.from takes several times as long, and large models have a hundred million weights. */
function fill(shape: Shape, draw: () => number): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return values;
}

/** Uniform in [-bound, bound). */
export function uniform(shape: Shape, bound: number, random: RandomStream): Float32Array {
  return fill(shape, () => (2 * random.uniform() - 1) * bound);
}

/**
 * U(-b, b) with b = gain sqrt(3 / fanIn), gain = sqrt(2 / (1 + a^2)). He et al. 2015 ("Delving deep into rectifiers").
 * With a = sqrt(5), b = 1 / sqrt(fanIn): PyTorch's default weights of Conv2d and Linear.
 *
 * @param a the negative slope of the rectifier that follows
 */
export function kaimingUniform(shape: Shape, random: RandomStream, { a = Math.sqrt(5) } = {}): Float32Array {
  const gain = Math.sqrt(2 / (1 + a * a));
  return uniform(shape, gain * Math.sqrt(3 / fans(shape).fanIn), random);
}

/**
 * N(0, 2 / fan): keeps the variance of activations ('in') or gradients ('out') through ReLU layers. He et al. 2015,
 * eq. 10 and 14. torchvision's ResNets use 'out' for every convolution.
 */
export function kaimingNormal(
  shape: Shape,
  random: RandomStream,
  { mode = 'out' }: { mode?: 'in' | 'out' } = {},
): Float32Array {
  const { fanIn, fanOut } = fans(shape);
  const deviation = Math.sqrt(2 / (mode === 'in' ? fanIn : fanOut));
  return fill(shape, () => random.normal() * deviation);
}

/** PyTorch's default bias of Conv2d and Linear: U(-b, b) with b = 1 / sqrt(fanIn) of the layer's weight. */
export function defaultBias(weightShape: Shape): Initialiser {
  return (shape, random) => uniform(shape, 1 / Math.sqrt(fans(weightShape).fanIn), random);
}
