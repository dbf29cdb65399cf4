// The command line as a whole: what is common to all commands, and which there are. Each command is a file of its own that
// adds itself here.

import { Command, type Option } from 'commander';
import { version } from '../version.ts';
import { addBench } from './bench.ts';
import { addCompare } from './compare.ts';
import { addDatasets } from './datasets.ts';
import { addDoctor } from './doctor.ts';
import { addEvaluate } from './evaluate.ts';
import { addExport } from './export.ts';
import { addModels } from './models.ts';
import { addPredict } from './predict.ts';
import { addStudio } from './studio.ts';
import { addTrain } from './train.ts';

export function createProgram(): Command {
  const program = new Command('residua')
    .description('Train, explain and deploy residual networks.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    .helpCommand('help [command]', 'explain a command')
    .option('--json', 'print JSON on stdout, all at once; train prints a line an event')
    .option('--debug', 'print the stack trace of an error')
    .configureHelp({ showGlobalOptions: true, optionDescription: withDefault })
    .exitOverride()
    // Errors are thrown, and told in one place: errors.ts.
    .configureOutput({ outputError: () => {}, writeErr: () => {} });
  for (const add of [
    addTrain,
    addEvaluate,
    addPredict,
    addExport,
    addCompare,
    addModels,
    addDatasets,
    addStudio,
    addBench,
    addDoctor,
  ])
    add(program);
  return program;
}

/** The default as it would be typed; commander writes JSON. */
function withDefault({ description, defaultValue }: Option): string {
  if (defaultValue === undefined || typeof defaultValue === 'boolean') return description;
  return `${description} (default: ${[defaultValue].flat().join(',')})`;
}
