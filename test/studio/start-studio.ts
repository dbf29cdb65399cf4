// The studio as its users start it: a process of its own on a free port, and what a test asks of it. Raw requests go through
// sockets, since fetch would put right what these tests want wrong.

import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import type { ErrorAnswer, RunDetail, RunView, StudioEvent } from '../../src/studio/protocol.ts';

export const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface RunningStudio {
  readonly process: ChildProcess;
  readonly port: number;
  readonly url: string;
  /** What it has printed on stderr. */
  readonly stderr: () => string;
  /** Ends it as Ctrl-C does. @returns the exit code */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export async function startStudio(runs: string): Promise<RunningStudio> {
  const child = spawn(process.execPath, [program, 'studio', '--port', '0', '--json', '--runs', runs], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const { url, port } = await new Promise<{ url: string; port: number }>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (text) => resolve(JSON.parse(text)));
    ended.then(() => reject(new Error(`the studio did not start: ${stderr}`)));
  });
  const stop = (signal: NodeJS.Signals = 'SIGINT') => {
    child.kill(signal);
    return ended;
  };
  return { process: child, port, url, stderr: () => stderr, stop };
}

/** Ends with the test. */
export async function ownStudio(runs: string): Promise<RunningStudio> {
  const studio = await startStudio(runs);
  onTestFinished(async () => void (await studio.stop()));
  return studio;
}

/** Sends bytes as they are. @returns all that comes back until the connection ends, or `isEnough` says so */
export function raw(
  port: number,
  bytes: string | Uint8Array,
  isEnough: (text: string) => boolean = isWhole,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk;
      if (isEnough(text)) socket.destroy();
    });
    socket.on('close', () => resolve(text));
    // The server hangs up on who sends what it does not read.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
  });
}

/** Whether all of an answer with a length is there. */
function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = /^content-length: (\d+)/im.exec(text.slice(0, end))?.[1];
  return end >= 0 && length !== undefined && text.length >= end + 4 + Number(length);
}

/** A connection that has sent this and waits. */
export function halfOpen(port: number, bytes: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, () => resolve(socket)));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET') reject(error);
    });
  });
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
}

/** What is refused is refused in JSON, with words for people and nothing of the program's insides. */
export function expectRefusal(answer: string, ...statuses: number[]): ErrorAnswer['error'] {
  expect(statuses).toContain(statusOf(answer));
  return expectError(answer.slice(answer.indexOf('\r\n\r\n') + 4));
}

export function expectError(text: string): ErrorAnswer['error'] {
  const { error } = JSON.parse(text) as ErrorAnswer;
  expect(error.code).toMatch(/^[a-z-]+$/);
  expect(error.message.length).toBeGreaterThan(5);
  expect(text).not.toMatch(/\n\s+at |\.[jt]s:\d+|node:internal/);
  return error;
}

export async function ask<Answer>(studio: RunningStudio, path: string): Promise<Answer> {
  const response = await fetch(studio.url + path);
  expect(response.status, `GET ${path}`).toBe(200);
  return (await response.json()) as Answer;
}

export function post(studio: RunningStudio, path: string, body: unknown = {}): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(studio.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** Asks until the answer is as it should be. */
export async function askUntil<Answer>(
  studio: RunningStudio,
  path: string,
  holds: (answer: Answer) => boolean,
): Promise<Answer> {
  for (;;) {
    const answer = await ask<Answer>(studio, path);
    if (holds(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Asks until a run is as it should be. */
export function until(studio: RunningStudio, id: string, holds: (run: RunView) => boolean): Promise<RunDetail> {
  return askUntil<RunDetail>(studio, `api/runs/${encodeURIComponent(id)}`, (run) => {
    if (run.state === 'failed') throw new Error(`${id} failed: ${run.problem}`);
    return holds(run);
  });
}

export interface Listener {
  readonly events: readonly StudioEvent[];
  /** Waits for the first event that is so. */
  find<Found extends StudioEvent>(isIt: (event: StudioEvent) => event is Found): Promise<Found>;
  find(isIt: (event: StudioEvent) => boolean): Promise<StudioEvent>;
  close(): void;
}

/** Listens as a page does. */
export async function listen(studio: RunningStudio): Promise<Listener> {
  const controller = new AbortController();
  const response = await fetch(`${studio.url}api/events`, { signal: controller.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const events: StudioEvent[] = [];
  const waiting = new Set<() => void>();
  const read = async () => {
    let rest = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const messages = (rest + chunk).split('\n\n');
      rest = messages.pop()!;
      for (const message of messages) {
        if (message.startsWith('data: ')) events.push(JSON.parse(message.slice('data: '.length)));
      }
      for (const wake of waiting) wake();
    }
  };
  read().catch(() => {}); // it was closed
  const find = async (isIt: (event: StudioEvent) => boolean) => {
    for (;;) {
      const found = events.find(isIt);
      if (found) return found;
      await new Promise<void>((resolve) => waiting.add(resolve));
    }
  };
  return { events, find: find as Listener['find'], close: () => controller.abort() };
}
