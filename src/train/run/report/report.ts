// report.html: a run on one page that opens from disk and asks nothing of the network. First what it came to, then how it got
// there, then where it errs, then everything that repeats it. Plain text from plain data, for any platform.

import { count, duration, magnitude, percent } from '../../../format.ts';
import type { PreflightWarning } from '../../preflight/index.ts';
import type { LogPoint } from '../../progress.ts';
import type { RunConfig } from '../config.ts';
import type { RunSummary } from '../reporter.ts';
import { confusionSection } from './confusion.ts';
import { Html, html } from './html.ts';
import { layersSection } from './layers.ts';
import { calibrationSection, classesSection, mistakesSection } from './quality.ts';
import { settingsSection } from './settings.ts';
import { style } from './style.ts';
import { trainingSection } from './training.ts';

/** A small picture of an image that went wrong. */
export interface Thumbnail {
  /** A data URI. */
  readonly source: string;
  /** So few pixels that they are to be seen as squares. */
  readonly small: boolean;
}

export interface Report {
  /** What to call the run: its folder's name. */
  readonly name: string;
  readonly config: RunConfig;
  readonly summary: RunSummary;
  readonly warnings: readonly PreflightWarning[];
  readonly log: readonly LogPoint[];
  readonly model: { readonly parameters: number; readonly multiplyAdds: number };
  readonly data: {
    readonly trainImages: number;
    readonly validationImages: number;
    readonly testImages: number;
  };
  /** One for each of summary.test.mistakes, in their order; undefined where there is none. */
  readonly thumbnails: readonly (Thumbnail | undefined)[];
}

/** @returns a whole HTML document */
export function renderReport(report: Report): string {
  const { name, config, summary } = report;
  const { test } = summary;
  const title = `${config.model} on ${config.dataset}`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}: ${test ? percent(test.accuracy) : summary.status}</title>
<link rel="icon" href="data:,">
<style>${new Html(style)}</style>
</head>
<body>
<header><h1>${title}</h1><p class="muted">Run ${name}, recipe ${config.recipe}, seed ${config.seed}</p></header>
<main>
${headline(report)}
${warningsSection(report)}
${trainingSection(report)}
${
  test && [
    confusionSection(test),
    mistakesSection(test, report.thumbnails),
    classesSection(test),
    calibrationSection(test),
  ]
}
${layersSection(report.log)}
${settingsSection(report)}
</main>
<footer>Written by Residua ${config.versions.residua}. The test images had no part in training or in choosing anything.</footer>
</body>
</html>
`;
  return page.text;
}

function headline({ summary, config, data, model }: Report): Html {
  const { test, trainSeconds, imagesPerSecond, images, epochs, best } = summary;
  const right = (accuracy: number) => `${count(Math.round(accuracy * data.testImages))} of ${count(data.testImages)}`;
  const figures: ([string, string, string?] | null)[] = [
    test &&
      (test.exactMatch === null
        ? ['Test accuracy', percent(test.accuracy), right(test.accuracy)]
        : ['All labels right', percent(test.exactMatch), right(test.exactMatch)]),
    test && test.exactMatch !== null ? ['Right decisions', percent(test.accuracy)] : null,
    test === null ? ['Stopped', `step ${count(summary.steps)}`, 'not tested yet'] : null,
    test && ['Test loss', test.loss.toFixed(4)],
    test && test.perClass.length > 5 && test.top5 !== null ? ['Among the top 5', percent(test.top5)] : null,
    test && test.meanAveragePrecision !== null ? ['Mean avg. precision', percent(test.meanAveragePrecision)] : null,
    test && test.ece !== null ? ['Calibration error', percent(test.ece)] : null,
    best && ['Best epoch', String(best.epoch), `validation ${percent(best.accuracy)}`],
    [
      'Training',
      duration(trainSeconds),
      `${count(epochs)} of ${count(config.epochs)} ${config.epochs === 1 ? 'epoch' : 'epochs'}`,
    ],
    ['Speed', `${count(Math.round(imagesPerSecond))} img/s`, `${count(images)} images`],
    ['Parameters', magnitude(model.parameters), `${magnitude(model.multiplyAdds)} multiply-adds`],
  ];
  const shown = figures.filter((figure) => figure !== null);
  return html`<dl class="figures">${shown.map(
    ([name, value, note]) =>
      html`<div class="figure"><dt>${name}</dt><dd>${value}${note && html`<small>${note}</small>`}</dd></div>\n`,
  )}</dl>`;
}

function warningsSection({ warnings }: Report): Html | null {
  if (warnings.length === 0) return null;
  return html`<section aria-labelledby="warnings">
<h2 id="warnings">Warnings</h2>
<p class="muted">Found in the data and the settings before the first step.</p>
<ul class="warnings">${warnings.map(
    ({ message, reason, advice }) =>
      html`<li><strong>${message}</strong> ${reason} <span class="muted">${advice}</span></li>\n`,
  )}</ul>
</section>`;
}
