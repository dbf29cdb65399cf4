// The page's own files: those of one folder, looked up in a list of its names. What is not in the list is not there, whatever
// an address spells.

import { readdir } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { Context } from 'hono';
import { sendFile } from './send-file.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};

/** Names that change with what is in the file: such a file never does. */
const HASHED = /^assets\/.*-[\w-]{8,}\.\w+$/;

/** Milliseconds for which the list is believed. It changes when the page is built anew, in development. */
const FRESH = 1000;

/** Served until the page is built. */
const missing = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Residua studio</title>
<p>The studio is running, but its page has not been built: run <code>npm run build</code>.</p>
`;

export class Page {
  readonly #folder: string;
  #files: ReadonlyMap<string, string> = new Map();
  #listed = Number.NEGATIVE_INFINITY;

  /** @param folder with index.html; may be missing */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param path of the address, decoded, with its slash */
  async send(context: Context, path: string): Promise<Response | undefined> {
    const name = path === '/' ? 'index.html' : path.slice(1);
    const file = (await this.#list()).get(name);
    if (file === undefined) return name === 'index.html' ? context.html(missing) : undefined;
    const cache = HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache';
    return sendFile(context, file, {
      type: types[extname(name)] ?? 'application/octet-stream',
      headers: { 'Cache-Control': cache },
    });
  }

  async #list(): Promise<ReadonlyMap<string, string>> {
    if (performance.now() - this.#listed > FRESH) {
      this.#files = await filesIn(this.#folder);
      this.#listed = performance.now();
    }
    return this.#files;
  }
}

/** All files below a folder, by their path from it, with '/'; none where there is no such folder. */
export async function filesIn(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return new Map(
    entries
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.map'))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(folder, path).split(sep).join('/'), path]),
  );
}
