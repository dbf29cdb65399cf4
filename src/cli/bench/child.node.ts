// A process that is measured, seen from the bench: orders go in, answers come out, one at a time.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ResiduaError } from '../../errors.ts';
import type { Answers, Failure, Order } from './protocol.ts';

const STDERR_KEPT = 2000;

export class Child {
  readonly #label: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  /** The end of what it wrote to stderr: its last words. */
  #stderr = '';
  /** Why it could not be started. */
  #failure: Error | undefined;

  /**
   * @param label how to call it in errors
   * @param signal ends it
   */
  constructor(label: string, command: string, args: readonly string[], signal: AbortSignal) {
    this.#label = label;
    this.#process = spawn(command, args, { stdio: 'pipe', signal });
    this.#process.on('error', (error) => {
      this.#failure = error;
    });
    // An order to a process that has ended: ask() reports that there was no answer.
    this.#process.stdin.on('error', () => {});
    this.#process.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-STDERR_KEPT);
    });
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** @throws ResiduaError when it answers with a failure or has ended */
  async ask<K extends Order['do']>(order: Extract<Order, { do: K }>): Promise<Answers[K]> {
    this.#process.stdin.write(`${JSON.stringify(order)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) {
      const lastWords = this.#failure?.message ?? errorLine(this.#stderr);
      throw new ResiduaError(`${this.#label} ended without an answer${lastWords && `: ${lastWords}`}`);
    }
    const answer: Answers[K] | Failure = JSON.parse(value);
    if ('error' in answer) throw new ResiduaError(`${this.#label}: ${answer.error}`);
    return answer;
  }

  /** Ends it and waits until it has ended. */
  async close(): Promise<void> {
    const { exitCode, signalCode, pid } = this.#process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill();
    await ended;
  }
}

/** The last line that speaks of an error: languages differ in what they write around it. */
function errorLine(text: string): string {
  const lines = text.trim().split('\n');
  return lines.findLast((line) => /error/i.test(line)) ?? lines[lines.length - 1];
}
