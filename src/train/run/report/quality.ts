// The sections on the test beside the confusion matrix: the images that went most wrong, the reliability diagram, each class.

import { count, percent } from '../../../format.ts';
import type { Evaluation } from '../../evaluate.ts';
import { type CalibrationBin, meanConfidence } from '../../metrics/calibration.ts';
import { Html, html } from './html.ts';
import type { Thumbnail } from './report.ts';

/** @param thumbnails one a mistake, in their order; undefined where there is none */
export function mistakesSection({ mistakes }: Evaluation, thumbnails: readonly (Thumbnail | undefined)[]): Html | null {
  if (mistakes.length === 0) return null;
  const list = (labels: readonly string[]) => (labels.length === 0 ? 'nothing' : labels.join(', '));
  const figures = mistakes.map(({ index, file, truth, predicted, probability }, i) => {
    const picture = thumbnails[i];
    const alt = `Image ${count(index)}: ${list(truth)}`;
    const image = picture && html`<img class="${picture.small ? 'small' : ''}" src="${picture.source}" alt="${alt}">`;
    const where = file ?? `image ${count(index)}`;
    return html`<li><figure>${image}<figcaption><b>${list(truth)}</b><br>taken for <b>${list(predicted)}</b><br>${percent(probability, 1)} sure<span class="file" title="${where}">${where}</span></figcaption></figure></li>\n`;
  });
  return html`<section aria-labelledby="mistakes">
<h2 id="mistakes">Most sure and wrong</h2>
<p class="muted">The test images on which the model is wrong and most sure of it. They show wrong labels, images that cannot be read, and what the model has not understood.</p>
<ul class="mistakes">${figures}</ul>
</section>`;
}

const CHART = { width: 480, height: 330, left: 82, right: 30, top: 14, bottom: 52 };

export function calibrationSection({ calibration, ece, accuracy }: Evaluation): Html | null {
  if (calibration === null || ece === null) return null;
  const confidence = meanConfidence(calibration);
  const verdict = confidence > accuracy ? 'more sure than right' : 'less sure than right';
  return html`<section aria-labelledby="calibration">
<h2 id="calibration">Calibration</h2>
<p class="muted">Of the predictions that claim 90 %, about 90 % should be right: then a bar ends on the dashed line. Here the model is sure of ${percent(confidence)} on average and right in ${percent(accuracy)}: it is ${verdict}. The expected calibration error is ${percent(ece)}.</p>
<div class="chart">${new Html(diagram(calibration))}</div>
</section>`;
}

/** A bar a bin: how many of its predictions are right. Pale where few images stand behind it. */
function diagram(bins: readonly CalibrationBin[]): string {
  const { width, height, left, right, top, bottom } = CHART;
  const x = (share: number) => (left + share * (width - left - right)).toFixed(1);
  const y = (share: number) => (top + (1 - share) * (height - top - bottom)).toFixed(1);
  const most = Math.max(...bins.map(({ images }) => images));
  const parts = [0, 0.25, 0.5, 0.75, 1].flatMap((tick) => [
    `<line x1="${x(0)}" y1="${y(tick)}" x2="${x(1)}" y2="${y(tick)}" stroke="var(--grid)"/>`,
    `<text x="${left - 8}" y="${Number(y(tick)) + 5}" text-anchor="end">${100 * tick} %</text>`,
    `<text x="${x(tick)}" y="${height - bottom + 20}" text-anchor="middle">${100 * tick} %</text>`,
  ]);
  for (const { from, to, images, confidence, accuracy } of bins) {
    if (images === 0) continue;
    const opacity = (0.35 + 0.65 * Math.sqrt(images / most)).toFixed(2);
    const barWidth = (Number(x(to)) - Number(x(from)) - 2).toFixed(1);
    const barHeight = (Number(y(0)) - Number(y(accuracy))).toFixed(1);
    const title = `${count(images)} images: ${percent(confidence, 1)} sure, ${percent(accuracy, 1)} right`;
    parts.push(
      `<rect x="${Number(x(from)) + 1}" y="${y(accuracy)}" width="${barWidth}" height="${barHeight}" fill="var(--blue)" fill-opacity="${opacity}"><title>${title}</title></rect>`,
    );
  }
  parts.push(
    `<line x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" stroke="var(--orange)" stroke-width="2" stroke-dasharray="6 5"/>`,
    `<text x="${x(0.5)}" y="${height - 8}" text-anchor="middle">how sure</text>`,
    `<text x="14" y="${y(0.5)}" text-anchor="middle" transform="rotate(-90 14 ${y(0.5)})">how often right</text>`,
  );
  const label = 'Reliability diagram: how often predictions are right, by how sure they are';
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}" font-size="14" fill="var(--muted)">${parts.join('\n')}</svg>`;
}

export function classesSection({ perClass, macro, micro, exactMatch }: Evaluation): Html {
  const multiLabel = exactMatch !== null;
  const columns = [
    'images',
    ...(multiLabel ? ['accuracy'] : []),
    'precision',
    'recall',
    ...(multiLabel ? ['AP'] : []),
    'F1',
  ];
  const rows = perClass.map(({ name, images, accuracy, precision, recall, f1, averagePrecision }) => {
    const shares = [
      ...(multiLabel ? [accuracy] : []),
      precision,
      recall,
      ...(multiLabel ? [averagePrecision ?? 0] : []),
    ];
    const bar = html`<span class="bar"><i style="width:${(100 * f1).toFixed(1)}%"></i></span>`;
    const cells = shares.map((share) => html`<td>${percent(share)}</td>`);
    return html`<tr><th scope="row" title="${name}">${name}</th><td>${count(images)}</td>${cells}<td>${percent(f1)}${bar}</td></tr>\n`;
  });
  const means = `Mean over the classes: precision ${percent(macro.precision)}, recall ${percent(macro.recall)}, F1 ${percent(macro.f1)}.`;
  const all = micro === null ? '' : ` Over all decisions: F1 ${percent(micro.f1)}.`;
  return html`<section aria-labelledby="classes">
<h2 id="classes">Each class</h2>
<p class="muted">Precision: of the images taken for it, how many are. Recall: of its images, how many are found. ${means}${all}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Table of classes">
<table class="classes"><thead><tr><th class="name" scope="col">class</th>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead><tbody>
${rows}</tbody></table></div>
</section>`;
}
