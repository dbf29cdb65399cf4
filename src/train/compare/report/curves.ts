// Training losses as in He et al. 2015, fig. 4: plain networks of all depths on the left, residual ones on the right, the same
// axes. Where depth harms, the curves of deeper networks lie above.

import { log } from '../../../tensor/elementary.ts';
import { type LineChart, lineChart } from '../../run/line-chart.ts';
import { Html, html } from '../../run/report/html.ts';
import { CHART } from '../../run/report/training.ts';
import type { ComparedNetwork, Comparison } from '../comparison.ts';
import { depthsLegend, kindsOf } from './kinds.ts';
import { depthColour } from './looks.ts';

export function curvesSection(comparison: Comparison): Html {
  const { depths } = comparison.grid;
  const pairs = kindsOf(comparison).map(({ title, plain, residual }) => {
    const losses = [...plain, ...residual]
      .flatMap(({ curve }) => curve.map(({ loss }) => loss))
      .filter((loss) => loss > 0);
    const yRange = losses.length === 0 ? undefined : ([Math.min(...losses), Math.max(...losses)] as const);
    const chart = (kind: string, own: readonly ComparedNetwork[]): LineChart => {
      const series = own.map(({ depth, name, curve }) => {
        const points = curve.map(({ epoch, loss }) => ({ x: epoch, y: loss }));
        return { name, points, colour: depthColour(depths.indexOf(depth)) };
      });
      const labels = { title: `${title}: ${kind}`, xLabel: 'epochs', yLabel: 'training loss' };
      return { ...CHART, ...labels, scale: 'log', fit: true, yRange, legend: false, series };
    };
    return [chart('plain', plain), chart('residual', residual)];
  });
  return html`<section aria-labelledby="curves">
<h2 id="curves">Training loss</h2>
<p class="muted">Of images as training sees them, over the steps since the point before. Guessing among ${comparison.classes} classes is a loss of ${log(comparison.classes).toFixed(2)}. Where depth harms, curves of deeper networks lie above those of shallower ones.</p>
${depthsLegend(comparison)}
<div class="charts pairs">${pairs.flat().map((chart) => html`<div>${new Html(lineChart(chart))}</div>`)}</div>
</section>`;
}
