// residua train: trains by a recipe, shows how it goes, and leaves a run folder. Ctrl-C ends it in order, and --resume goes
// on where it stopped, to the same weights.

import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import {
  hasSeeds,
  type RunOptions,
  type RunResult,
  resumeRun,
  resumeSeeds,
  type SeedsOptions,
  type SeedsResult,
  trainRun,
  trainSeeds,
} from '../train/run/node.ts';
import { LiveLine } from './live-line.ts';
import { Output } from './output.ts';
import { listenForStop } from './stop-signal.ts';
import type { Screen } from './terminal.ts';
import { addTrainOptions, settledConfig, type TrainFlags } from './train-options.ts';
import { seedLine, seedsReport, stoppedReport, stoppedSeedsReport, trainReport } from './train-report.ts';
import { TrainReporter } from './train-reporter.ts';
import { commandAsTyped } from './typed-command.ts';

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .summary('train a network')
    .description('Train a network by a recipe; anything said here replaces what the recipe says.');
  addTrainOptions(command).action(async (flags: TrainFlags) => {
    const output = new Output(command);
    const line = new LiveLine(process.stderr);
    const reporter = new TrainReporter(line, output);
    const job = await prepare(command, flags);
    const stop = listenForStop((cause) => {
      line.stop();
      const again = cause === 'SIGINT' ? ' Ctrl-C again ends at once.' : '';
      process.stderr.write(`Stopping after this step, and saving.${again}\n`);
    });
    const { signal } = stop;
    /** The answer of a job that is done, or how to go on with one that was stopped. */
    const end = (status: string, event: object, report: (screen: Screen) => string, stopped: string) => {
      line.clear();
      if (status === 'finished') {
        output.answer(event, report);
      } else {
        if (output.json) output.line(event);
        process.stderr.write(`${stopped}\n`);
        process.exitCode = stop.exitCode;
      }
    };
    try {
      if (job.kind === 'run') {
        const result = await job.begin({ reporter, signal });
        end(result.status, resultEvent(result), trainReport(result), stoppedReport(result, line.screen));
      } else {
        const onRun: SeedsOptions['onRun'] = (run, result) => {
          if (output.json) output.line(resultEvent(result));
          line.log(seedLine(run, line.screen));
        };
        const result = await job.begin({ reporter, signal, onRun });
        const event = { event: 'seeds', ...result };
        end(result.status, event, seedsReport(result), stoppedSeedsReport(result, line.screen));
      }
    } finally {
      line.clear();
      stop.dispose();
    }
  });
}

type Job =
  | { readonly kind: 'run'; begin(options: RunOptions): Promise<RunResult> }
  | { readonly kind: 'seeds'; begin(options: SeedsOptions): Promise<SeedsResult> };

/** What the options ask for, checked and ready to begin. */
async function prepare(command: Command, flags: TrainFlags): Promise<Job> {
  const { resume, out, seeds, ...settings } = flags;
  if (resume === undefined) {
    const config = { ...(await settledConfig(settings)), command: commandAsTyped() };
    if (seeds === undefined) {
      return { kind: 'run', begin: (options) => trainRun(config, { ...options, folder: out }) };
    }
    return { kind: 'seeds', begin: (options) => trainSeeds(config, seeds, { ...options, folder: out }) };
  }
  const { threads } = settings;
  const other = command.options.find((option) => {
    const name = option.attributeName();
    return name !== 'resume' && name !== 'threads' && command.getOptionValueSource(name) === 'cli';
  });
  if (other) {
    throw new UsageError(`--resume goes on with the settings of ${resume}: ${other.long} cannot be changed`, {
      hint: `Leave ${other.long} out, or begin a new run.`,
    });
  }
  return hasSeeds(resume)
    ? { kind: 'seeds', begin: (options) => resumeSeeds(resume, { ...options, threads }) }
    : { kind: 'run', begin: (options) => resumeRun(resume, { ...options, threads }) };
}

/** A run's last line under --json. */
function resultEvent({ log: _, config, ...result }: RunResult) {
  return { event: 'result', seed: config.seed, accuracy: result.test?.accuracy ?? null, ...result };
}
