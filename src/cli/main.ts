#!/usr/bin/env node
// The command line's entry: residua COMMAND. Runs one command and turns how it ended into an exit code.

import { reportError } from './errors.ts';
import { allowClosedPipes } from './output.ts';
import { createProgram } from './program.ts';

const words = process.argv.slice(2);
const debug = words.includes('--debug');
const program = createProgram();
const command = program.commands.find((candidate) => candidate.name() === words.find((word) => !word.startsWith('-')));
const help = command === undefined ? 'residua --help' : `residua ${command.name()} --help`;

const end = (error: unknown) => {
  process.exitCode = reportError(error, { debug, help });
};
process.on('uncaughtException', (error) => {
  end(error);
  process.exit();
});

allowClosedPipes();

try {
  if (words.length === 0) program.outputHelp();
  else await program.parseAsync(words, { from: 'user' });
} catch (error) {
  end(error);
}
