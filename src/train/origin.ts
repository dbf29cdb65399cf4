// Says of a tensor of a training step where it belongs, in words that its owner knows: the layer and the operation, whether
// forward, backward or in the update, and of which parameter.

import type { ModuleCall } from '../nn/index.ts';
import { ancestors } from '../tensor/autograd.ts';
import { type Assignment, Input, type Tensor, Variable } from '../tensor/index.ts';

/** A part of a step. given: it was there before, such as images and weights. */
export type Phase = 'given' | 'forward' | 'backward' | 'update';

export interface Origin {
  readonly phase: Phase;
  /**
   * The layer's path in the model ('' is the model itself), or 'loss' for what comes after it; in an update, the variable that
   * gets the value, or 'gradient clipping'; of what was given, its own name.
   */
  readonly name: string;
  /** Such as 'conv2d' or 'conv2dWeightGradient'; null where it was given. */
  readonly operation: string | null;
}

/** How a step's graph came about. */
export interface StepGraph {
  /** What the forward pass comes to. */
  readonly loss?: Tensor;
  /** Of the modules. */
  readonly calls: readonly ModuleCall[];
  readonly assignments: readonly Assignment[];
  /** The length of all gradients, where they are clipped. */
  readonly gradientNorm?: Tensor;
}

/** @param nameOf names of parameters, statistics and the optimizer's memory */
export function originOf(tensor: Tensor, graph: StepGraph, nameOf: (variable: Variable) => string): Origin {
  if (tensor instanceof Input) return { phase: 'given', name: tensor.name, operation: null };
  if (tensor instanceof Variable) return { phase: 'given', name: nameOf(tensor), operation: null };
  const operation = tensor.operation!.name;
  if (tensor.gradientOf) return { phase: 'backward', name: layerOf(tensor.gradientOf, graph), operation };
  const { loss, calls, assignments, gradientNorm } = graph;
  const isBuiltBy = (root: Tensor | undefined) => root !== undefined && ancestors(root).includes(tensor);
  if (calls.some((call) => within(tensor, call)) || isBuiltBy(loss)) {
    return { phase: 'forward', name: layerOf(tensor, graph), operation };
  }
  if (isBuiltBy(gradientNorm)) return { phase: 'update', name: 'gradient clipping', operation };
  const assigned = assignments.find(({ value }) => isBuiltBy(value));
  return { phase: 'update', name: assigned ? nameOf(assigned.variable) : '', operation };
}

/** The innermost one in whose forward pass it was built. */
function layerOf(tensor: Tensor, { calls }: StepGraph): string {
  return calls.find((call) => within(tensor, call))?.name ?? 'loss';
}

const within = ({ id }: Tensor, { built: [from, to] }: ModuleCall): boolean => id >= from && id < to;

/** As 'layer2.0.conv1: conv2d in the forward pass'. */
export function describeOrigin({ phase, name, operation }: Origin): string {
  if (phase === 'given') return name;
  const place = phase === 'update' ? "the optimizer's update" : `the ${phase} pass`;
  return `${name === '' ? 'the model' : name}: ${operation} in ${place}`;
}
