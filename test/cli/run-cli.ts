// Runs the built command line as its users do: a process of its own, with both of its streams and its exit code.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
if (!existsSync(program)) throw new Error(`${program} is missing: run \`npm run build\` first`);

export interface Outcome {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** A command of the shell that limits what the process may use, such as `ulimit -f 500`. */
  readonly limit?: string;
  /** Called with the process as soon as it runs. */
  readonly onStart?: (child: ChildProcess) => void;
}

export function residua(args: readonly string[], { env, limit, onStart }: RunOptions = {}): Promise<Outcome> {
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const words = [process.execPath, program, ...args];
  const [command, ...rest] = limit === undefined ? words : ['sh', '-c', `${limit} && exec "$@"`, 'sh', ...words];
  const child = spawn(command, rest, {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  onStart?.(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** The lines of a text that ends with a line break. */
export function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'residua-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
