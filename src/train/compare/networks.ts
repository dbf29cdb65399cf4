// The networks of a comparison: of each depth, residual and plain, with each activation function, with and without batch norm.
// They differ in nothing else: same data, order, seed, settings.

import { UsageError } from '../../errors.ts';
import { listModels } from '../../models/index.ts';
import type { ActivationName } from '../../nn/index.ts';
import type { ModelChoices } from '../run/config.ts';

export interface Variant {
  readonly depth: number;
  /** false: the plain twin. */
  readonly residual: boolean;
  readonly activation: ActivationName;
  readonly batchNorm: boolean;
}

export interface Grid {
  /** Of networks for 32x32 images: 6n + 2. */
  readonly depths: readonly number[];
  readonly activations: readonly ActivationName[];
  /** With (true) and without (false). */
  readonly batchNorm: readonly boolean[];
}

/** Shallow networks first: they are the quickest, and what is done is worth something. */
export function variantsOf({ depths, activations, batchNorm }: Grid): Variant[] {
  const sorted = [...new Set(depths)].sort((a, b) => a - b);
  for (const depth of sorted) blocksOf(depth);
  return sorted.flatMap((depth) =>
    batchNorm.flatMap((norm) =>
      activations.flatMap((activation) =>
        [false, true].map((residual) => ({ depth, residual, activation, batchNorm: norm })),
      ),
    ),
  );
}

/** 'plainnet20-relu-bn', 'resnet8-sigmoid': also its folder's name. */
export function idOf(variant: Variant): string {
  return [nameOf(variant), variant.activation, ...(variant.batchNorm ? ['bn'] : [])].join('-');
}

/** 'resnet20' */
export const nameOf = ({ residual, depth }: Variant): string => `${residual ? 'resnet' : 'plainnet'}${depth}`;

/** The model of the zoo and what is chosen about it: depths that it has no name for are others with more or fewer blocks. */
export function modelOf(variant: Variant): { readonly model: string; readonly modelOptions: ModelChoices } {
  const { depth, residual, activation, batchNorm } = variant;
  const known = listModels().some(({ name }) => name === nameOf(variant));
  const blocks = blocksOf(depth);
  return {
    model: known ? nameOf(variant) : nameOf({ ...variant, depth: 20 }),
    modelOptions: {
      activation,
      ...(known ? {} : { layers: [blocks, blocks, blocks] }),
      ...(residual ? { shortcut: 'A' } : {}),
      ...(batchNorm ? {} : { normalise: false }),
    },
  };
}

function blocksOf(depth: number): number {
  const blocks = (depth - 2) / 6;
  if (Number.isInteger(blocks) && blocks >= 1) return blocks;
  throw new UsageError(`there is no such network of ${depth} layers: depths are 6n + 2`, {
    hint: 'Use depths such as 8, 14, 20, 32, 44, 56 or 110.',
  });
}
