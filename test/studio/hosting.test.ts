// The page in Chromium, from the studio and from a host of files that knows nothing of it, below a path: it works, and it asks
// nobody else for anything.

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { executablePath, launch } from '../browser/chromium.ts';
import { residua, temporaryFolder } from '../cli/run-cli.ts';
import { ownStudio } from './start-studio.ts';

const folder = temporaryFolder();
const runs = join(folder, 'runs');
const site = join(folder, 'some', 'where');

const types: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript', css: 'text/css' };

/** A host of files: no headers of its own, no idea of what it serves. */
async function hostOf(root: string): Promise<string> {
  const server = createServer(({ url = '/' }, response) => {
    const name = decodeURIComponent(url.split('?')[0]);
    const path = join(root, name.endsWith('/') ? `${name}index.html` : name);
    if (!existsSync(path) || statSync(path).isDirectory()) return void response.writeHead(404).end();
    response.setHeader('Content-Type', types[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream');
    createReadStream(path).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
}

describe.skipIf(executablePath === undefined)('in Chromium', () => {
  let browser: Browser;

  beforeAll(async () => {
    const train = await residua(['train', '--limit=300', '--epochs=1', '--threads=1', `--out=${join(runs, 'small')}`]);
    expect(train.code, train.stderr).toBe(0);
    const build = await residua(['studio', '--build', site, '--runs', runs, '--data=test']);
    expect(build.code, build.stderr).toBe(0);
    browser = await launch();
  });
  afterAll(() => browser?.close());

  /** Opens each part of the page. @returns what it asked others for, and what went wrong */
  async function walk(base: string) {
    const page = await browser.newPage();
    const trouble: string[] = [];
    page.on('request', (request) => {
      if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(base)) trouble.push(request.url());
    });
    page.on('pageerror', (error) => trouble.push(error.message));
    page.on('response', (response) => {
      if (response.status() >= 400) trouble.push(`${response.status()} ${response.url()}`);
    });
    page.on('console', (message) => {
      if (message.type() === 'error') trouble.push(message.text());
    });
    for (const part of ['train', 'draw', 'compare', 'runs', 'inside']) {
      await page.goto(`${base}#/${part}`);
      await page.locator('main h1').waitFor();
    }
    // The network has looked at an image, in its worker.
    await page.getByText(/the network says/i).waitFor();
    const isolated = await page.evaluate(() => crossOriginIsolated);
    await page.close();
    return { trouble, isolated };
  }

  it('the studio serves it isolated, for all cores', async () => {
    const studio = await ownStudio(runs);
    expect(await walk(studio.url)).toEqual({ trouble: [], isolated: true });
  });

  it('any host of files serves it from any folder, for one core', async () => {
    expect(await walk(`${await hostOf(folder)}some/where/`)).toEqual({ trouble: [], isolated: false });
  });
});
