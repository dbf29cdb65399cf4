// report.html of a comparison: one page that opens from disk and asks nothing of the network. What was claimed and what was
// measured first, then the accuracies, the curves, the gradients, and what repeats it all.

import { count, counted, duration } from '../../../format.ts';
import { Html, html } from '../../run/report/html.ts';
import { style } from '../../run/report/style.ts';
import type { Claim } from '../claim-texts.ts';
import type { Verdict } from '../claims.ts';
import type { Comparison } from '../comparison.ts';
import { accuracySection } from './accuracies.ts';
import { curvesSection } from './curves.ts';
import { gradientsSection } from './gradients.ts';
import { looks } from './looks.ts';

/** @param name what to call it: its folder's name @returns a whole HTML document */
export function renderComparison(name: string, comparison: Comparison): string {
  const { config, networks, claims, grid } = comparison;
  const title = `Plain and residual networks on ${config.dataset}`;
  const seconds = networks.reduce((sum, own) => sum + (own.seconds ?? 0), 0);
  const diverged = networks.filter(({ state }) => state === 'diverged').length;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(style + looks)}</style>
</head>
<body>
<header><h1>${title}</h1><p class="muted">${counted(networks.length, 'network')} of ${grid.depths.join(', ')} layers, ${counted(config.epochs, 'epoch')} of ${count(comparison.trainImages)} images each, seed ${config.seed}; tested on ${count(comparison.testImages)} images. Comparison ${name}</p></header>
<main>
${claimsSection(claims)}
${accuracySection(comparison)}
${curvesSection(comparison)}
${gradientsSection(comparison)}
<section aria-labelledby="settings">
<h2 id="settings">Settings</h2>
<p class="muted">The same for all networks: first weights by one rule from one seed, the same images in the same order, varied in the same way. Depths are those of networks of He et al. 2015, sec. 4.2 (6n + 2 layers, shortcuts of form A); a plain network is the same layers without the shortcuts.</p>
<dl class="settings">${settingsOf(comparison).map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>\n`)}
<div><dt>Time</dt><dd>${duration(seconds)}</dd></div>
${diverged === 0 ? null : html`<div><dt>Diverged</dt><dd>${counted(diverged, 'network')}</dd></div>`}</dl>
${config.command === undefined ? null : html`<h3>The command that repeats it</h3><pre><code>${config.command}</code></pre>`}
</section>
</main>
<footer>Written by Residua ${config.versions.residua}. One seed: a difference that is not larger than chance says nothing, and another seed, data set or longer training may come to something else. The test images had no part in training or in choosing anything.</footer>
</body>
</html>
`;
  return page.text;
}

const verdicts: Readonly<Record<Verdict, string>> = {
  seen: 'Seen here',
  partly: 'Partly seen',
  'not seen': 'Not seen here',
  open: 'Not measured',
};

function claimsSection(claims: readonly Claim[]): Html | null {
  if (claims.length === 0) return null;
  const items = claims.map(
    ({ source, claim, measured, rule, verdict }) => html`<li class="claim">
<p class="verdict ${verdict.replace(' ', '-')}">${verdicts[verdict]}</p>
<div><h3>${claim}</h3><p class="muted">${source}</p><p>${measured}</p><p class="muted rule">Counts as seen when ${rule}.</p></div></li>
`,
  );
  return html`<section aria-labelledby="claims">
<h2 id="claims">What is claimed, and what was measured</h2>
<p class="muted">Verdicts follow from the numbers by the rules below them, and are about these trainings alone. Chance: two standard errors of the difference of two accuracies on so many images.</p>
<ul class="claims">${items}</ul>
</section>`;
}

function settingsOf({ config, trainImages, testImages }: Comparison): [string, string][] {
  const { name, ...settings } = config.optimizer;
  const said = Object.entries(settings).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  const transforms = config.transforms.train.map((transform) => transform.name).join(', ');
  return [
    ['Data', config.dataset],
    ['Images to train on', count(trainImages)],
    ['Images to test on', count(testImages)],
    ['Epochs', count(config.epochs)],
    ['Batch size', count(config.batchSize)],
    ['Optimizer', [name, ...said].join(', ')],
    ['Learning rate', `${config.learningRate}, ${config.schedule.name}`],
    ['Transforms in training', transforms],
    ['Seed', String(config.seed)],
    ['Versions', `residua ${config.versions.residua}, Node ${config.versions.node}`],
  ];
}
