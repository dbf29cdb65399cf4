// residua train: trains by a recipe, shows how it goes, and leaves a run folder. Ctrl-C ends it in order, and --resume goes
// on where it stopped, to the same weights.

import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { type RunResult, resumeRun, trainRun } from '../train/run/node.ts';
import { LiveLine } from './live-line.ts';
import { Output } from './output.ts';
import { listenForStop } from './stop-signal.ts';
import { addTrainOptions, configOf, type TrainFlags } from './train-options.ts';
import { stoppedReport, trainReport } from './train-report.ts';
import { TrainReporter } from './train-reporter.ts';

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .summary('train a network')
    .description('Train a network by a recipe; anything said here replaces what the recipe says.');
  addTrainOptions(command).action(async (flags: TrainFlags) => {
    const output = new Output(command);
    const line = new LiveLine(process.stderr);
    const reporter = new TrainReporter(line, output);
    const begin = prepare(command, flags);
    const stop = listenForStop((cause) => {
      line.stop();
      const again = cause === 'SIGINT' ? ' Ctrl-C again ends at once.' : '';
      process.stderr.write(`Stopping after this step, and saving.${again}\n`);
    });
    try {
      const result = await begin({ reporter, signal: stop.signal });
      line.clear();
      if (result.status === 'stopped') {
        if (output.json) output.line(resultEvent(result));
        process.stderr.write(`${stoppedReport(result, line.screen)}\n`);
        process.exitCode = stop.exitCode;
      } else {
        output.answer(resultEvent(result), trainReport(result));
      }
    } finally {
      line.clear();
      stop.dispose();
    }
  });
}

type Options = Parameters<typeof resumeRun>[1];

/** What the options ask for, checked and ready to begin. */
function prepare(command: Command, flags: TrainFlags): (options: Options) => Promise<RunResult> {
  const { resume, out, ...settings } = flags;
  if (resume === undefined) {
    const config = configOf(settings);
    return (options) => trainRun(config, { ...options, folder: out });
  }
  const other = command.options.find(
    (option) => option.attributeName() !== 'resume' && command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (other) {
    throw new UsageError(`--resume goes on with the settings of ${resume}: ${other.long} cannot be changed`, {
      hint: `Leave ${other.long} out, or begin a new run.`,
    });
  }
  return (options) => resumeRun(resume, options);
}

/** The last line under --json. */
function resultEvent({ log: _, config: __, ...result }: RunResult) {
  return { event: 'result', accuracy: result.test?.accuracy ?? null, ...result };
}
