// How a run went: loss, accuracy and learning rate over the epochs.

import { type LineChart, lineChart } from '../line-chart.ts';
import { epochsDone, overEpochs } from '../loss-curve.ts';
import { Html, html } from './html.ts';
import type { Report } from './report.ts';

/** What all charts of a page have in common. */
export const CHART = {
  width: 480,
  height: 320,
  fontSize: 14,
  colours: { grid: 'var(--grid)', text: 'var(--muted)' },
} as const;

export function trainingSection({ log }: Pick<Report, 'log'>): Html | null {
  if (log.length === 0) return null;
  const colours = { training: 'var(--blue)', validation: 'var(--orange)' };
  const rates = log.map((point) => ({ x: epochsDone(point), y: point.learningRate }));
  const accuracies = overEpochs(log, 'accuracy', colours);
  const lowest = Math.min(...accuracies.flatMap(({ points }) => points.map(({ y }) => y)));
  const charts: LineChart[] = [
    {
      ...CHART,
      xLabel: 'epochs',
      title: 'Loss',
      yLabel: 'loss',
      scale: 'log',
      series: overEpochs(log, 'loss', colours),
    },
    {
      ...CHART,
      xLabel: 'epochs',
      title: 'Accuracy',
      yLabel: 'right',
      scale: 'linear',
      yRange: [lowest, 1],
      format: (share) => `${Number((100 * share).toPrecision(6))} %`,
      series: accuracies,
    },
    {
      ...CHART,
      xLabel: 'epochs',
      title: 'Learning rate',
      yLabel: 'learning rate',
      scale: 'linear',
      series: [{ name: 'learning rate', points: rates, colour: colours.training }],
    },
  ];
  return html`<section aria-labelledby="training">
<h2 id="training">Training</h2>
<p class="muted">Loss and accuracy are of the images as training sees them, changed at random and each before its update, over the steps since the point before.</p>
<div class="charts">${charts.map((chart) => html`<div>${new Html(lineChart(chart))}</div>`)}</div>
</section>`;
}
