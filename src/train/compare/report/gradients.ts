// Gradient norms over the layers, before training and at its end: a curve that falls towards the left is a gradient that
// vanishes on its way back to the images.

import { lineChart, type Series } from '../../run/line-chart.ts';
import { Html, html } from '../../run/report/html.ts';
import { overLayers } from '../../run/report/layers.ts';
import { CHART } from '../../run/report/training.ts';
import { type ComparedNetwork, type Comparison, gradientRatio, ratioText } from '../comparison.ts';
import { type Kind, kindsOf, looksOfPlain, looksOfResidual, twinsLegend } from './kinds.ts';

export function gradientsSection(comparison: Comparison): Html {
  const kinds = kindsOf(comparison);
  const { depths } = comparison.grid;
  const deepest = depths[depths.length - 1];
  const others = depths.slice(0, -1).reverse();
  return html`<section aria-labelledby="gradients">
<h2 id="gradients">Gradient norms, layer by layer</h2>
<p class="muted">Length of the loss's gradient by the weight of each convolution and of the last layer, from the images to the output, on the same few training images: before the first step, and after the last one. A curve that falls towards the left is a gradient that vanishes on its way back; one that rises there explodes.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Gradients of the first convolution">
<table class="accuracies"><thead><tr><th class="name" scope="col">First convolution's over the last one's, before training</th>${depths.map((depth) => html`<th scope="col">${depth} layers</th>`)}</tr></thead><tbody>
${kinds.flatMap(({ title, plain, residual }) => [row(`${title}: plain`, plain, depths), row(`${title}: residual`, residual, depths)])}</tbody></table></div>
${twinsLegend()}
<h3>${deepest} layers</h3>
${charts(kinds, deepest)}
${others.map((depth) => html`<details><summary>${depth} layers</summary>${charts(kinds, depth)}</details>`)}
</section>`;
}

function row(name: string, own: readonly ComparedNetwork[], depths: readonly number[]): Html {
  const cells = depths.map((depth) => {
    const ratio = gradientRatio(own.find((network) => network.depth === depth)?.norms.first ?? null);
    return html`<td>${ratio === null ? '-' : ratioText(ratio)}</td>`;
  });
  return html`<tr><th scope="row">${name}</th>${cells}</tr>\n`;
}

function charts(kinds: readonly Kind[], depth: number): Html {
  const drawn = kinds.flatMap(({ title, plain, residual }) =>
    (['first', 'last'] as const).map((when) => {
      const of = (own: readonly ComparedNetwork[]) => {
        const norms = own.find((network) => network.depth === depth)?.norms[when];
        return overLayers(norms?.gradients ?? []);
      };
      const series: Series[] = [
        { ...looksOfPlain, points: of(plain) },
        { ...looksOfResidual, points: of(residual) },
      ];
      const labels = { xLabel: 'layer, from the images to the output', yLabel: 'gradient norm' };
      const heading = `${title}: ${when === 'first' ? 'before training' : 'at its end'}`;
      return lineChart({ ...CHART, ...labels, title: heading, scale: 'log', fit: true, legend: false, series });
    }),
  );
  return html`<div class="charts pairs">${drawn.map((chart) => html`<div>${new Html(chart)}</div>`)}</div>`;
}
