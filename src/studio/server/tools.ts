// Commands of this program that the studio runs for an answer: evaluate, export. In processes of their own, so that the studio
// goes on answering while they compute, and outlives them. Few at once; others wait in a line that is not endless.

import type { ChildProcess } from 'node:child_process';
import { errorIn, linesFrom, type Program, startProgram } from './jobs.ts';
import { RequestError } from './request-error.ts';

const AT_ONCE = 2;
const WAITING = 20;

export class Tools {
  readonly #program: Program;
  readonly #children = new Set<ChildProcess>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #closed = false;

  constructor(program: Program) {
    this.#program = program;
  }

  /**
   * @param words a command that prints an answer with --json
   * @throws RequestError with what the command says went wrong
   */
  async run(words: readonly string[]): Promise<unknown> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= WAITING) throw new RequestError('busy', 'too much is asked for at once');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
    try {
      return await this.#execute(words);
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  /** Ends all of them. */
  close(): void {
    this.#closed = true;
    for (const child of this.#children) child.kill('SIGTERM');
  }

  #execute(words: readonly string[]): Promise<unknown> {
    if (this.#closed) throw new RequestError('busy', 'the studio is ending');
    const child = startProgram(this.#program, [...words, '--json'], ['ignore', 'pipe', 'pipe']);
    this.#children.add(child);
    const messages: string[] = [];
    const output: Buffer[] = [];
    linesFrom(child.stderr!, (line) => {
      messages.push(line);
      if (messages.length > 20) messages.shift();
    });
    child.stdout!.on('data', (chunk: Buffer) => output.push(chunk));
    return new Promise((resolve, reject) => {
      const fail = (message: string) => reject(new RequestError('failed', message));
      child.once('error', (error) => fail(`could not start: ${error.message}`));
      child.once('close', (code, signal) => {
        this.#children.delete(child);
        if (code === 0) resolve(JSON.parse(Buffer.concat(output).toString()));
        else fail(errorIn(messages) ?? `${words[0]} ended with ${signal ?? `exit code ${code}`}`);
      });
    });
  }
}
