// How gradients and activations got through the layers, from the log: a chart over the depth at the beginning and at the end.

import type { LogPoint, NormsPoint } from '../../progress.ts';
import { lineChart, type Series } from '../line-chart.ts';
import { Html, html } from './html.ts';
import { CHART } from './training.ts';

/** All measurements of a run, in order. */
export const normsOf = (log: readonly LogPoint[]): NormsPoint[] => log.flatMap(({ norms }) => norms ?? []);

export function layersSection(log: readonly LogPoint[]): Html | null {
  const measured = normsOf(log);
  if (measured.length < 2) return null;
  const [first, last] = [measured[0], measured[measured.length - 1]];
  const both = (values: (norms: NormsPoint) => readonly number[]): Series[] => [
    { name: 'at first', points: overLayers(values(first)), colour: 'var(--orange)' },
    { name: 'at the end', points: overLayers(values(last)), colour: 'var(--blue)' },
  ];
  const charts = [
    lineChart({
      ...CHART,
      title: 'Gradient norm',
      xLabel: 'layer, from the images to the output',
      yLabel: 'length',
      scale: 'log',
      fit: true,
      series: both(({ gradients }) => gradients),
    }),
    lineChart({
      ...CHART,
      title: 'Activations: spread',
      xLabel: 'activation, from the images to the output',
      yLabel: 'standard deviation',
      scale: 'log',
      fit: true,
      series: both(({ activations }) => activations.std),
    }),
  ];
  const dead = last.activations.layers.flatMap((name, i) => {
    const share = last.activations.dead[i];
    return share > 0 ? [`${name} (${Math.round(100 * share)} %)`] : [];
  });
  return html`<section aria-labelledby="layers">
<h2 id="layers">Layers</h2>
<p class="muted">Length of the loss's gradient by each convolution's weight, and how far each activation function's outputs spread, before the first step and after step ${last.step}, on a few training images. A curve that falls towards the left is a gradient that vanishes on its way back. ${dead.length === 0 ? 'No channel is dead: none puts out the same for every image.' : `Channels that put out the same for every image: ${dead.join(', ')}.`}</p>
<div class="charts">${charts.map((chart) => html`<div>${new Html(chart)}</div>`)}</div>
</section>`;
}

/** Layers count from 1. */
export const overLayers = (values: readonly number[]) => values.map((y, i) => ({ x: i + 1, y }));
