// What reproduces a run: its settings in words, the command, and the hash of the weights to compare with.

import { count } from '../../../format.ts';
import type { RunConfig } from '../config.ts';
import { type Html, html } from './html.ts';
import type { Report } from './report.ts';

export function settingsSection({ config, summary, model, data }: Report): Html {
  const rows: [string, string | null][] = [
    ['Recipe', config.recipe],
    ['Data', `${config.dataset}${config.limit === null ? '' : `, the first ${count(config.limit)} images`}`],
    ['Images to train on', count(data.trainImages)],
    ['Images held out', data.validationImages === 0 ? null : count(data.validationImages)],
    ['Images to test on', count(data.testImages)],
    ['Model', config.model + withOptions(config.modelOptions)],
    ['Parameters', count(model.parameters)],
    ['Multiply-adds an image', count(model.multiplyAdds)],
    ['Task', config.task],
    ['Epochs', count(config.epochs)],
    ['Batch size', `${count(config.batchSize)}${config.accumulate > 1 ? `, ${config.accumulate} batches a step` : ''}`],
    ['Optimizer', config.optimizer.name + withOptions(config.optimizer)],
    ['Learning rate', `${config.learningRate}, ${config.schedule.name}${withOptions(config.schedule)}`],
    ['Label smoothing', config.labelSmoothing === 0 ? null : String(config.labelSmoothing)],
    ['Gradient clipped to', config.clipGradNorm === null ? null : String(config.clipGradNorm)],
    ['Average of the weights', config.ema && `decay ${config.ema.decay}${config.ema.warmUp ? ', growing to it' : ''}`],
    ['Stops early after', config.patience === null ? null : `${config.patience} epochs that are no better`],
    ['First weights from', config.weights],
    ['Not trained', config.freeze.length === 0 ? null : config.freeze.join(', ')],
    ['Seed', String(config.seed)],
    ['Device', `${config.device}${config.strict ? ', strict' : ''}`],
    ['Versions', versions(config)],
  ];
  const shown = rows.filter((row): row is [string, string] => row[1] !== null);
  return html`<section aria-labelledby="settings">
<h2 id="settings">Settings</h2>
<dl class="settings">${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>
<h3>Transforms in training</h3>${transforms(config.transforms.train)}
<h3>Transforms in the test</h3>${transforms(config.transforms.test)}
${config.command === undefined ? null : html`<h3>The command that repeats it</h3><pre><code>${config.command}</code></pre>`}
<h3>SHA-256 of the weights</h3><pre><code>${summary.weightsHash}</code></pre>
<p class="muted">The same settings and version give the same weights, for any number of threads. config.json has all of them.</p>
</section>`;
}

function versions({ versions: { residua, node, browser } }: RunConfig): string {
  return [`residua ${residua}`, node && `Node ${node}`, browser].filter(Boolean).join(', ');
}

function transforms(list: RunConfig['transforms']['train']): Html {
  return html`<pre><code>${list.map((own) => own.name + withOptions(own)).join('\n')}</code></pre>`;
}

/** ' (momentum 0.9, weightDecay 0.0005)'; nothing where there is nothing to say. */
function withOptions({ name: _, ...options }: { readonly name?: string; readonly [option: string]: unknown }): string {
  const said = Object.entries(options).filter(([, value]) => value !== undefined);
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value).replaceAll(',', ', '));
  return said.length === 0 ? '' : ` (${said.map(([option, value]) => `${option} ${text(value)}`).join(', ')})`;
}
