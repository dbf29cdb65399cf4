// residua predict RUN|WEIGHTS IMAGE...: what a trained network sees on pictures.

import type { Command } from 'commander';
import type { DeviceName } from '../devices/create-device.node.ts';
import type { LabelProbability } from '../train/index.ts';
import { type FilePrediction, predictRun } from '../train/run/node.ts';
import { counted, percent } from './format.ts';
import { LiveLine } from './live-line.ts';
import { Output } from './output.ts';
import { listenForStop } from './stop-signal.ts';
import { table } from './table.ts';
import type { Screen } from './terminal.ts';
import { addDeviceOptions, datasetName } from './train-options.ts';
import { ProgressReporter } from './train-reporter.ts';
import { integer } from './values.ts';
import { addWeightsOptions, descriptionOf, type WeightsFlags } from './weights-options.ts';
import { columnsOf } from './wrap.ts';

interface Flags extends WeightsFlags {
  readonly top: number;
  readonly centre: boolean;
  readonly device?: DeviceName;
  readonly threads?: number;
  readonly strict?: boolean;
}

/** Runners-up that people are shown, and from which probability on. */
const [RUNNERS_UP, WORTH_A_WORD] = [2, 0.01];

export function addPredict(program: Command): void {
  const command = program
    .command('predict')
    .summary('say what is on pictures')
    .description('Say what a trained network sees on pictures: PNG, JPEG, WebP.')
    .argument('<run>', 'a run folder, or a file of weights: safetensors, .pth')
    .argument('<image...>', 'the pictures')
    .option('--top <n>', 'classes to name a picture under --json', integer(1), 5)
    .option('--no-centre', 'leave digits where they are; else they are brought into the form of MNIST');
  addWeightsOptions(command).option('--dataset <name|dir>', 'what they were trained on', datasetName);
  addDeviceOptions(command).action(async (run: string, files: string[], flags: Flags) => {
    const output = new Output(command);
    const line = new LiveLine(process.stderr);
    const stop = listenForStop(() => line.stop());
    try {
      const predictions = await predictRun(run, files, {
        ...flags,
        ...descriptionOf(flags),
        signal: stop.signal,
        reporter: new ProgressReporter(line),
      });
      output.answer(predictions, report(predictions));
      const failures = predictions.filter((prediction) => 'error' in prediction);
      if (failures.length === 0) return;
      for (const { error } of failures) line.log(`${line.screen.paint('red', 'error:')} ${error}`);
      if (files.length > 1) line.log(`${counted(failures.length, 'picture')} of ${files.length} not predicted`);
      process.exitCode = 1;
    } catch (error) {
      if (error !== stop.signal.reason) throw error;
      process.exitCode = stop.exitCode;
    } finally {
      stop.dispose();
    }
  });
}

/** A line a picture: the label, how sure, what else it might be, what was done to the picture. */
const report = (predictions: readonly FilePrediction[]) => (screen: Screen) => {
  const rows = predictions.map((prediction) => {
    if ('error' in prediction) return [prediction.file, screen.paint('red', 'not predicted')];
    const { file, label, probability, top, labels, centred, inverted } = prediction;
    const others = top.slice(1, 1 + RUNNERS_UP).filter((other) => other.probability >= WORTH_A_WORD);
    const alternatives = labels === null && others.length > 0 ? [`or ${others.map(withProbability).join(', ')}`] : [];
    const done = centred ? [inverted ? '(centred, inverted)' : '(centred)'] : [];
    const answer = labels === null ? label : labels.map(withProbability).join(', ') || 'nothing';
    return [
      file,
      screen.paint('bold', answer),
      labels === null ? percent(probability) : '',
      screen.paint('dim', [...alternatives, ...done].join('  ')),
    ];
  });
  return table(rows, ['left', 'left', 'right'], columnsOf(screen));
};

const withProbability = ({ label, probability }: LabelProbability): string => `${label} ${percent(probability)}`;
