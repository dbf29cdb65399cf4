// One command from its words to its exit code. What is common to a process (uncaught errors, closed pipes) is main.ts's.

import { reportError } from './errors.ts';
import { createProgram } from './program.ts';

export interface Cli {
  /** Does what the words say, and tells what went wrong. Sets process.exitCode where that is not 0. */
  run(): Promise<void>;
  /** Tells an error, and sets process.exitCode. */
  fail(error: unknown): void;
}

/** @param words what follows the program's name */
export function createCli(words: readonly string[]): Cli {
  const debug = words.includes('--debug');
  const program = createProgram();
  const name = words.find((word) => !word.startsWith('-'));
  const command = program.commands.find((candidate) => candidate.name() === name);
  const help = command === undefined ? 'residua --help' : `residua ${command.name()} --help`;
  const fail = (error: unknown) => {
    process.exitCode = reportError(error, { debug, help });
  };
  /** Without 'help' before what is no command: commander would not name it, nor what was meant. */
  const known = ([first, ...rest]: readonly string[]) =>
    first === 'help' && rest.length > 0 && !program.commands.some((candidate) => candidate.name() === rest[0])
      ? rest
      : [first, ...rest];
  return {
    fail,
    async run() {
      try {
        if (words.length === 0) program.outputHelp();
        else await program.parseAsync(known(words), { from: 'user' });
      } catch (error) {
        fail(error);
      }
    },
  };
}
