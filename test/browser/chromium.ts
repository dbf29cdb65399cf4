// A real browser for tests: Chromium as the system has it, started once a file, and a server on this machine for its pages.
//
//   job (a function of the test file) --as text--> Web Worker of a page: imports dist/full.js, runs it --> its answer
//
// A job must not refer to anything outside of itself. Node can call the same function, with src/node.ts for the library.

import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import type * as full from '../../src/full.ts';

export type Library = typeof full;
export type Job<Argument, Answer> = (library: Library, argument: Argument) => Promise<Answer>;

const root = new URL('../../', import.meta.url);
const pathOf = (path: string) => fileURLToPath(new URL(path, root));

/** Undefined where there is none: the tests are skipped then, and .ci/run, which installs one, fails on skipped tests. */
export const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);
if (executablePath === undefined) {
  console.warn(
    'Tests in a browser are SKIPPED: no Chromium was found. Install it, or name it in the variable CHROMIUM.',
  );
}
for (const file of ['dist/browser.js', 'dist/full.js']) {
  if (!existsSync(pathOf(file))) throw new Error(`${file} is missing: run \`npm run build\` first`);
}

/** Has V8 compute neighbouring vectors as one of 256 bits, as prepareV8 does on Node. Chromium 156 doesn't by itself. */
export const wideVectors = '--js-flags=--wasm-revectorize';

/** @param flags further ones of Chromium's command line */
export function launch(...flags: readonly string[]): Promise<Browser> {
  const quiet = ['--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({ executablePath, chromiumSandbox: false, args: ['--no-first-run', ...quiet, ...flags] });
}

const worker = `
  import * as library from '/dist/full.js';
  onmessage = async ({ data: { job, argument } }) => {
    try {
      postMessage({ answer: await (0, eval)(job)(library, argument) });
    } catch (error) {
      postMessage({ error: String(error.stack ?? error) });
    }
  };`;

const made: Readonly<Record<string, string>> = { '/': '<!doctype html><title>test</title>', '/worker.js': worker };
const types: Readonly<Record<string, string>> = { js: 'text/javascript', safetensors: 'application/octet-stream' };

/** Sends the two headers that make a page cross-origin isolated. */
export const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** Serves a blank page, dist/ and test/golden/, with these headers. */
export async function serve(headers: Readonly<Record<string, string>>): Promise<{ url: string; server: Server }> {
  const server = createServer(({ url = '/' }, response) => {
    const isFile = /^\/(dist|test\/golden)\/[\w-]+\.(js|safetensors)$/.test(url) && existsSync(pathOf(`.${url}`));
    const body = made[url] ?? (isFile ? readFileSync(pathOf(`.${url}`)) : undefined);
    const type = types[url.split('.').at(-1)!] ?? 'text/html';
    response.writeHead(body === undefined ? 404 : 200, { ...headers, 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

/** Has a Web Worker of the page do the job. */
export async function inWorker<A, R>(page: Page, job: Job<A, R>, argument: A): Promise<R> {
  const message = { job: `(${job})`, argument };
  const { answer, error } = await page.evaluate(
    (data) =>
      new Promise<{ answer?: unknown; error?: string }>((resolve) => {
        const worker = new Worker('/worker.js', { type: 'module' });
        const done = (result: { answer?: unknown; error?: string }) => {
          worker.terminate();
          resolve(result);
        };
        worker.onmessage = (event) => done(event.data);
        worker.onerror = (event) => done({ error: `the worker failed: ${event.message}` });
        worker.postMessage(data);
      }),
    message,
  );
  if (error !== undefined) throw new Error(error);
  return answer as R;
}
