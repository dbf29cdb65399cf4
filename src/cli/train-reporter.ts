// What `train` and `evaluate` show while they work: a bar that is drawn over, lines that stay, and under --json a line an
// event on stdout. All that people read goes to stderr.

import os from 'node:os';
import type { DownloadProgress } from '../data/node.ts';
import type { EpochSummary, LogPoint, StepProgress } from '../train/index.ts';
import type { PreflightWarning } from '../train/preflight/index.ts';
import type { EvaluateProgress, Reporter, RunConfig, RunStart } from '../train/run/node.ts';
import { bytes, clock, count, counted, duration, magnitude, percent } from './format.ts';
import type { LiveLine } from './live-line.ts';
import type { Output } from './output.ts';
import { progressBar } from './progress-bar.ts';

/** Progress of downloads and evaluations, and warnings: what all commands that compute have in common. */
export class ProgressReporter implements Reporter {
  protected readonly line: LiveLine;
  #downloading = '';

  constructor(line: LiveLine) {
    this.line = line;
  }

  download({ file, url, received, total }: DownloadProgress): void {
    if (url !== this.#downloading) {
      this.#downloading = url;
      const there = received > 0 ? `, of which ${bytes(received)} are here` : '';
      this.line.log(`Downloading ${url} (${bytes(total)}${there})`);
    }
    const fields = [`${bytes(received)} of ${bytes(total)}`];
    this.#bar(received / total, file, fields);
    if (received === total) this.line.clear();
  }

  evaluate({ set, images, of }: EvaluateProgress): void {
    const label = set === 'test' ? 'Testing' : 'Validating';
    this.#bar(images / of, label, [`${count(images)} of ${counted(of, 'image')}`]);
    if (images === of) this.line.clear();
  }

  note(message: string): void {
    this.line.log(message);
  }

  warning(message: string): void {
    this.line.log(`${this.line.screen.paint('yellow', 'warning:')} ${message}`);
  }

  #bar(fraction: number, label: string, fields: readonly string[]): void {
    this.line.update((width) => progressBar({ fraction, label, fields }, width, this.line.screen));
  }
}

export class TrainReporter extends ProgressReporter {
  readonly #output: Output;
  /** Runs with several seeds find the same: it is shown once. */
  readonly #shown = new Set<string>();

  constructor(line: LiveLine, output: Output) {
    super(line);
    this.#output = output;
  }

  preflight({ message, reason, advice }: PreflightWarning): void {
    if (this.#shown.has(message)) return;
    this.#shown.add(message);
    this.warning(`${message} ${reason}\n  ${advice}`);
  }

  start(start: RunStart): void {
    if (this.#output.json) this.#output.line({ event: 'start', ...start });
    for (const text of introduction(start)) this.line.log(text);
  }

  step(progress: StepProgress): void {
    const { epoch, epochs, step, steps, loss, accuracy, imagesPerSecond, secondsLeft } = progress;
    this.line.update((width) => {
      const fields = [
        `${step}/${steps}`,
        `loss ${loss.toFixed(3)}`,
        `acc ${percent(accuracy, 1)}`,
        `${clock(secondsLeft)} left`,
        `${Math.round(imagesPerSecond)} img/s`,
      ];
      return progressBar(
        { fraction: step / steps, label: `Epoch ${epoch}/${epochs}`, fields },
        width,
        this.line.screen,
      );
    });
  }

  log(point: LogPoint): void {
    if (this.#output.json) this.#output.line({ event: 'log', ...point });
    const { epoch, epochs, batch, batches, loss, gradientNorm } = point;
    const norm = gradientNorm === undefined ? '' : `, gradient norm ${gradientNorm.toPrecision(3)}`;
    this.line.log(`Epoch[${epoch}/${epochs}], Step[${batch}/${batches}] Loss: ${loss.toFixed(4)}${norm}`);
  }

  epoch(summary: EpochSummary): void {
    if (this.#output.json) this.#output.line({ event: 'epoch', ...summary });
    const { epoch, epochs, loss, accuracy, seconds, imagesPerSecond, validation } = summary;
    const parts = [
      `loss ${loss.toFixed(4)}`,
      `${percent(accuracy)} right`,
      ...(validation ? [`validation ${percent(validation.accuracy)}, loss ${validation.loss.toFixed(4)}`] : []),
      duration(seconds),
      `${count(Math.round(imagesPerSecond))} img/s`,
    ];
    this.line.log(this.line.screen.paint('bold', `Epoch ${epoch}/${epochs}: ${parts.join(', ')}`));
  }
}

function introduction({ config, folder, ...start }: RunStart): string[] {
  const { trainImages, validationImages, testImages, batchesPerEpoch, startStep, steps } = start;
  const validation = validationImages > 0 ? `, ${count(validationImages)} for validation` : '';
  const resumed = startStep > 0 ? [`Going on after step ${count(startStep)} of ${count(steps)}`] : [];
  return [
    `${config.model} on ${config.dataset}: ${count(start.parameters)} parameters, ${magnitude(start.multiplyAdds)} multiply-adds an image`,
    `${counted(trainImages, 'image')} to train on${validation}, ${count(testImages)} to test on`,
    `${counted(config.epochs, 'epoch')} of ${counted(batchesPerEpoch, 'step')} of ${times(config.accumulate)}${counted(config.batchSize, 'image')}, seed ${config.seed}`,
    `Recipe ${config.recipe}: ${settings(config)}`,
    ...fineTuning(config, start),
    `Device ${start.device}${threads(start.device, config)}, ${bytes(start.workspaceBytes)} of working memory, ready in ${duration(start.secondsToStart)}`,
    `Run folder ${folder}`,
    ...resumed,
  ];
}

const times = (accumulate: number): string => (accumulate === 1 ? '' : `${accumulate} x `);

function settings(config: RunConfig): string {
  const { optimizer, learningRate, schedule, labelSmoothing, clipGradNorm, ema, patience } = config;
  return [
    `${optimizer.name}, learning rate ${learningRate} (${schedule.name})`,
    ...(labelSmoothing > 0 ? [`label smoothing ${labelSmoothing}`] : []),
    ...(clipGradNorm === null ? [] : [`gradient norm at most ${clipGradNorm}`]),
    ...(ema === null ? [] : [`weights averaged with decay ${ema.decay}${ema.warmUp ? ' after a warm-up' : ''}`]),
    ...(patience === null ? [] : [`patience of ${counted(patience, 'epoch')}`]),
  ].join(', ');
}

/** Where the weights come from, and which of them are trained. */
function fineTuning({ weights, freeze }: RunConfig, { head, stages }: Pick<RunStart, 'head' | 'stages'>): string[] {
  const lines: string[] = [];
  if (weights !== null) {
    const last =
      head === null
        ? ''
        : head.replaced === null
          ? `, its last layer (${head.name}) too`
          : `; the last layer (${head.name}) is new, that one was for ${counted(head.replaced, 'class', 'classes')}`;
    lines.push(`Weights of ${weights}${last}`);
  }
  if (freeze.length > 0) {
    const list = (of: typeof stages, count: (stage: (typeof stages)[number]) => number) =>
      of.map((stage) => `${stage.name} (${counted(count(stage), 'parameter')})`).join(', ');
    const frozen = stages.filter(({ parameters, trainable }) => trainable < parameters);
    const trained = stages.filter(({ trainable }) => trainable > 0);
    lines.push(`Frozen: ${list(frozen, ({ parameters, trainable }) => parameters - trainable)}`);
    lines.push(`Trained: ${list(trained, ({ trainable }) => trainable)}`);
  }
  return lines;
}

function threads(device: string, config: RunConfig): string {
  if (!device.startsWith('cpu')) return '';
  return `, ${counted(config.threads ?? os.availableParallelism(), 'thread')}`;
}
