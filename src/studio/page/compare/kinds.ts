// Networks of a comparison by what they have in common (one activation function, with or without batch norm), as pairs of twins.

import type { ComparedNetwork, Comparison } from '../../../train/compare/comparison.ts';

export interface Kind {
  readonly id: string;
  readonly activation: string;
  readonly batchNorm: boolean;
  /** The shallowest first. */
  readonly pairs: readonly {
    readonly depth: number;
    readonly plain?: ComparedNetwork;
    readonly residual?: ComparedNetwork;
  }[];
}

export function kindsOf({ grid, networks }: Comparison): Kind[] {
  return grid.batchNorm.flatMap((batchNorm) =>
    grid.activations.map((activation) => {
      const own = networks.filter((network) => network.activation === activation && network.batchNorm === batchNorm);
      const pairs = grid.depths.map((depth) => {
        const find = (residual: boolean) =>
          own.find((network) => network.depth === depth && network.residual === residual);
        return { depth, plain: find(false), residual: find(true) };
      });
      return { id: `${activation} ${batchNorm}`, activation, batchNorm, pairs };
    }),
  );
}

/** As it is written in papers. */
export const activationName = (name: string): string =>
  ({ relu: 'ReLU', sigmoid: 'Sigmoid', tanh: 'Tanh', gelu: 'GELU', silu: 'SiLU' })[name] ?? name;
