// From an error to what the user sees of it and the exit code: 1 when the work failed, 2 when the request was wrong. One
// line says what was expected, what was found and what to do; the stack trace is for --debug.

import { inspect } from 'node:util';
import { CommanderError } from 'commander';
import { ResiduaError, withoutControls } from '../errors.ts';
import { screenOf } from './terminal.ts';

/** Says it on stderr. @returns the exit code */
export function reportError(error: unknown, { debug, help }: { debug: boolean; help: string }): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0; // --help and --version end this way
  const { message, exitCode } = describe(error, help);
  process.stderr.write(`${screenOf(process.stderr).paint('red', 'error:')} ${withoutControls(message)}
`);
  if (debug)
    process.stderr.write(`${inspect(error)}
`);
  return exitCode;
}

function describe(error: unknown, help: string): { message: string; exitCode: number } {
  if (error instanceof CommanderError) return { message: usageMessage(error, help), exitCode: 2 };
  if (error instanceof ResiduaError) {
    const { message, hint, exitCode } = error;
    return { message: hint === undefined ? message : join(message, hint), exitCode };
  }
  const message = error instanceof Error ? error.message : String(error);
  // The operating system's own words (a full disk, a folder that can't be written) need no defect to be met.
  if (error instanceof Error && 'syscall' in error) return { message, exitCode: 1 };
  const defect = 'This is a defect in Residua: please report it with what --debug prints.';
  return { message: join(message, defect), exitCode: 1 };
}

/** On the same line, unless the message has several. */
function join(message: string, hint: string): string {
  return message.includes('\n') ? `${message}\n${hint}` : `${message.replace(/\.$/, '')}. ${hint}`;
}

/** commander's message on one line, and where to read on unless it says what was expected. */
function usageMessage({ code, message }: CommanderError, help: string): string {
  if (code === 'commander.help') return `expected a command. See ${help}.`;
  const line = message
    .replace(/^error: /, '')
    .replace(/^command-argument value (.*) is invalid for argument '[^']+'\./, 'argument $1 is invalid.')
    .replace(/\n\(Did you mean (.*)\)$/s, '. Did you mean $1');
  return /Did you mean|is invalid/.test(line) ? line : `${line.replace(/\.$/, '')}. See ${help}.`;
}
