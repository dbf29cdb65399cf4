// Where a command's words go. stdout carries the answer and nothing else: JSON under --json, text for people otherwise.
// stderr carries the way there: progress, warnings, errors. So a pipe gets what was asked for, and only that.

import type { Command } from 'commander';
import { type Screen, screenOf } from './terminal.ts';

export class Output {
  readonly json: boolean;
  /** Of the answer. */
  readonly screen: Screen = screenOf(process.stdout);

  constructor(command: Command) {
    this.json = command.optsWithGlobals<{ json?: boolean }>().json ?? false;
  }

  /** The answer: the value under --json, the text otherwise, which is not made unless it is needed. */
  answer(value: object, text: (screen: Screen) => string): void {
    if (this.json) this.line(value);
    else process.stdout.write(`${text(this.screen)}\n`);
  }

  /** One line of JSON on stdout. */
  line(value: object): void {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }
}

/** Keeps quiet when a reader has gone (`residua models | head -1`): there is nobody left to complain to. */
export function allowClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
