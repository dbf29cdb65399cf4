// Networks of a comparison by what they have in common: one activation function, with or without batch norm.

import { type Html, html } from '../../run/report/html.ts';
import type { ComparedNetwork, Comparison } from '../comparison.ts';
import { depthColour } from './looks.ts';

export interface Kind {
  /** 'ReLU, batch norm' */
  readonly title: string;
  readonly plain: readonly ComparedNetwork[];
  readonly residual: readonly ComparedNetwork[];
}

const names: Readonly<Record<string, string>> = {
  relu: 'ReLU',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  gelu: 'GELU',
  silu: 'SiLU',
};

export function kindsOf({ grid, networks }: Comparison): Kind[] {
  return grid.batchNorm.flatMap((batchNorm) =>
    grid.activations.map((activation) => {
      const own = networks.filter((network) => network.activation === activation && network.batchNorm === batchNorm);
      return {
        title: `${names[activation]}, ${batchNorm ? 'batch norm' : 'no batch norm'}`,
        plain: own.filter(({ residual }) => !residual),
        residual: own.filter(({ residual }) => residual),
      };
    }),
  );
}

interface LegendEntry {
  readonly name: string;
  readonly colour: string;
  readonly dashed?: boolean;
}

/** How plain networks and their residual twins are told apart. */
export const looksOfPlain = { name: 'plain', colour: 'var(--orange)', dashed: true } as const;
export const looksOfResidual = { name: 'residual', colour: 'var(--blue)' } as const;

export const twinsLegend = (): Html => legend([looksOfPlain, looksOfResidual]);

export const depthsLegend = ({ grid }: Comparison): Html =>
  legend(grid.depths.map((depth, i) => ({ name: `${depth} layers`, colour: depthColour(i) })));

function legend(entries: readonly LegendEntry[]): Html {
  return html`<ul class="legend">${entries.map(({ name, colour, dashed }) => {
    const dash = dashed ? html` stroke-dasharray="6 4"` : null;
    return html`<li><svg width="26" height="6" aria-hidden="true"><line x1="0" y1="3" x2="26" y2="3" stroke="${colour}" stroke-width="3"${dash}/></svg>${name}</li>`;
  })}</ul>`;
}
