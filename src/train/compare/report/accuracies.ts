// The accuracies as a table: a row a kind of network, a column a depth. Of a plain network and its residual twin the better one
// is bold where the difference is more than chance.

import { percent } from '../../../format.ts';
import { type LineChart, lineChart } from '../../run/line-chart.ts';
import { Html, html } from '../../run/report/html.ts';
import { CHART } from '../../run/report/training.ts';
import { isWorse } from '../claims.ts';
import type { ComparedNetwork, Comparison } from '../comparison.ts';
import { type Kind, kindsOf, looksOfPlain, looksOfResidual, twinsLegend } from './kinds.ts';

export function accuracySection(comparison: Comparison): Html {
  const { grid, testImages } = comparison;
  const kinds = kindsOf(comparison);
  const row = (name: string, own: readonly ComparedNetwork[], others: readonly ComparedNetwork[]) => {
    const cells = grid.depths.map((depth) => {
      const [network, other] = [own, others].map((list) => list.find((candidate) => candidate.depth === depth));
      if (!network) return html`<td></td>`;
      const best = other && other.state !== 'waiting' && isWorse(other, network, { testImages });
      return html`<td${best ? new Html(' class="best"') : null}>${cell(network)}</td>`;
    });
    return html`<tr><th scope="row">${name}</th>${cells}</tr>\n`;
  };
  const rows = kinds.flatMap(({ title, plain, residual }) => [
    row(`${title}: plain`, plain, residual),
    row(`${title}: residual`, residual, plain),
  ]);
  return html`<section aria-labelledby="accuracies">
<h2 id="accuracies">Test accuracy</h2>
<p class="muted">At the end, once; below it the training loss of the last epoch. Bold: better than its twin by more than chance. ${comparison.networks.some(({ state }) => state === 'diverged') ? 'Diverged: the training came to numbers that are not finite.' : ''}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Test accuracies">
<table class="accuracies"><thead><tr><td></td>${grid.depths.map((depth) => html`<th scope="col">${depth} layers</th>`)}</tr></thead><tbody>
${rows}</tbody></table></div>
${grid.depths.length < 2 ? null : overDepths(kinds)}
</section>`;
}

function cell({ accuracy, state, trainingLoss }: ComparedNetwork): Html {
  const value = accuracy === null ? (state === 'waiting' ? 'not yet' : 'diverged') : percent(accuracy, 1);
  return html`${value}<small>${trainingLoss === null ? '-' : trainingLoss.toFixed(3)}</small>`;
}

function overDepths(kinds: readonly Kind[]): Html {
  const points = (own: readonly ComparedNetwork[]) =>
    own.flatMap(({ depth, accuracy }) => (accuracy === null ? [] : [{ x: depth, y: accuracy }]));
  const charts = kinds.map(({ title, plain, residual }): LineChart => {
    return {
      ...CHART,
      title,
      xLabel: 'layers',
      yLabel: 'right in the test',
      scale: 'linear',
      yRange: [0, 1],
      format: (share) => `${Number((100 * share).toPrecision(6))} %`,
      legend: false,
      series: [
        { ...looksOfPlain, points: points(plain), dots: true },
        { ...looksOfResidual, points: points(residual), dots: true },
      ],
    };
  });
  return html`${twinsLegend()}
<div class="charts pairs">${charts.map((chart) => html`<div>${new Html(lineChart(chart))}</div>`)}</div>`;
}
