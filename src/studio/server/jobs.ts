// The processes that the studio starts: each is this very program with another command (train, compare), in a group of its own,
// so that Ctrl-C in the studio's terminal reaches the studio alone, which then stops them in order. Their words for people go
// through a pipe to the studio. Should the studio be killed, that pipe breaks, and a training whose words nobody reads any
// more stops and saves itself, as in a shell's pipe: no process is left behind unseen.

import { type ChildProcess, spawn } from 'node:child_process';
import { RequestError } from './request-error.ts';

/** How to start this program: a file of JavaScript, and the options that Node runs it with. */
export interface Program {
  readonly file: string;
  readonly nodeOptions: readonly string[];
}

/** Of what a process says; the last lines tell how it ended. */
const MOST_MESSAGES = 200;
const LONGEST_MESSAGE = 2000;

/** Exit codes of a command that was asked to stop: 128 and SIGINT, SIGPIPE, SIGTERM. */
const STOPPED = [130, 141, 143];

export class Job {
  readonly id: string;
  readonly folder: string;
  /** Its command: 'train', 'compare'. */
  readonly command: string;
  readonly started = Date.now();
  /** When the process ended; undefined while it runs. */
  ended: number | undefined;
  readonly messages: string[] = [];
  /** Resolves when the process has ended. */
  readonly done: Promise<void>;
  readonly #child: ChildProcess;
  #state: 'running' | 'stopping' | 'ended' = 'running';
  #problem: string | null = null;

  constructor(program: Program, { id, folder, words }: { id: string; folder: string; words: readonly string[] }) {
    this.id = id;
    this.folder = folder;
    this.command = words[0];
    this.#child = startProgram(program, words, ['ignore', 'ignore', 'pipe']);
    linesFrom(this.#child.stderr!, (line) => this.#say(line));
    this.done = new Promise((resolve) => {
      this.#child.once('error', (error) => this.#end(`could not start: ${error.message}`, resolve));
      this.#child.once('close', (code, signal) => this.#end(this.#reason(code, signal), resolve));
    });
  }

  get state(): 'running' | 'stopping' | 'ended' {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Why it failed; null while it runs, and where it ended well or was stopped. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Asks it to finish its step, save and end. */
  stop(): void {
    if (this.#state === 'ended') return;
    this.#state = 'stopping';
    this.#child.kill('SIGTERM');
  }

  #say(line: string): void {
    this.messages.push(line.slice(0, LONGEST_MESSAGE));
    if (this.messages.length > MOST_MESSAGES) this.messages.shift();
  }

  #reason(code: number | null, signal: NodeJS.Signals | null): string | null {
    if (code === 0 || (code !== null && STOPPED.includes(code))) return null;
    if (signal !== null) return this.#state === 'stopping' ? null : `its process was ended by ${signal}`;
    return errorIn(this.messages) ?? `its process ended with exit code ${code}`;
  }

  #end(problem: string | null, resolve: () => void): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.ended = Date.now();
    this.#problem = problem;
    resolve();
  }
}

/** At once; more would only slow each other down. */
const MOST_JOBS = 8;

/** Those that run, and the last one of each id. */
export class Jobs {
  readonly #program: Program;
  readonly #onChange: () => void;
  readonly #jobs = new Map<string, Job>();
  #closed = false;

  /** @param onChange called when a job has begun, is stopping or has ended */
  constructor(program: Program, onChange: () => void) {
    this.#program = program;
    this.#onChange = onChange;
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  get all(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  /** @throws RequestError where too many run, or one of that id does */
  start(id: string, folder: string, words: readonly string[]): Job {
    this.checkRoom();
    const before = this.#jobs.get(id);
    if (before !== undefined && before.state !== 'ended') throw new RequestError('conflict', `${id} is running`);
    const job = new Job(this.#program, { id, folder, words });
    this.#jobs.set(id, job);
    job.done.then(this.#onChange);
    this.#onChange();
    return job;
  }

  /** @throws RequestError where there is no room for another job */
  checkRoom(): void {
    if (this.#closed) throw new RequestError('busy', 'the studio is ending');
    const running = this.all.filter(({ state }) => state !== 'ended').length;
    if (running < MOST_JOBS) return;
    throw new RequestError('busy', `${running} processes are at work already`, { hint: 'Wait for one, or pause one.' });
  }

  forget(id: string): void {
    if (this.#jobs.get(id)?.state === 'ended') this.#jobs.delete(id);
  }

  /** Stops all of them, and waits until they have saved. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.all) job.stop();
    await Promise.all(this.all.map(({ done }) => done));
  }
}

export function startProgram(
  { file, nodeOptions }: Program,
  words: readonly string[],
  stdio: ['ignore', 'ignore' | 'pipe', 'pipe'],
): ChildProcess {
  const { FORCE_COLOR: _, ...inherited } = process.env;
  return spawn(process.execPath, [...nodeOptions, file, ...words], {
    env: { ...inherited, NO_COLOR: '1' },
    stdio,
    // A group of its own. On Windows this would open a window.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
}

/** What the command line said was wrong, without its prefix. */
export function errorIn(messages: readonly string[]): string | undefined {
  const line = messages.findLast((message) => message.startsWith('error: '));
  return line?.slice('error: '.length);
}

/** Calls back for each line that is not empty. */
export function linesFrom(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!.slice(-LONGEST_MESSAGE);
    for (const line of lines) if (line.trim() !== '') onLine(line.trimEnd());
  });
  stream.on('end', () => {
    if (rest.trim() !== '') onLine(rest.trimEnd());
  });
}
