// The page of examples/browser as a visitor sees it: it trains, and what it shows is right.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executablePath, launch } from './chromium.ts';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

describe.skipIf(executablePath === undefined)('examples/browser', () => {
  let browser: Browser;
  const servers: ChildProcess[] = [];
  const hashes = new Set<string | null>();
  /** @param plain without the headers of cross-origin isolation */
  async function serve(plain: boolean): Promise<string> {
    const unrun = path('node_modules/unrun/dist/cli.mjs');
    const server = spawn(process.execPath, [
      unrun,
      path('examples/browser/serve.ts'),
      '--port',
      '0',
      ...(plain ? ['--plain'] : []),
    ]);
    servers.push(server);
    const [line] = await once(createInterface(server.stdout), 'line');
    return line;
  }
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    for (const server of servers) server.kill();
  });

  it.each(['isolated', 'plain'])('trains in a worker of the tab, on a page that is %s', async (kind) => {
    const page = await browser.newPage();
    const failures: string[] = [];
    page.on('pageerror', (error) => failures.push(`${error}`));
    page.on('requestfailed', (request) => failures.push(request.url()));
    await page.goto(`${await serve(kind === 'plain')}?images=320`);
    const text = (id: string) => page.locator(`#${id}`).textContent();

    /** Until an element says so, or the step is replaced by an error. */
    const until = (id: string, pattern: RegExp) =>
      page.waitForFunction(
        ([id, pattern]) => {
          const says = (id: string) => document.getElementById(id)!.textContent!;
          return new RegExp(pattern).test(says(id)) || !/^(loading|\d+ of )/.test(says('step'));
        },
        [id, pattern.source],
        { timeout: 100_000 },
      );

    await until('speed', /images a second/);
    expect(page.workers().length).toBeGreaterThan(0);
    await until('hash', /\w/);
    expect(await text('step')).toMatch(/^20 of 20, loss /);
    expect(failures).toEqual([]);
    const hash = await text('hash');
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    hashes.add(hash);
    expect(hashes.size).toBe(1);
    expect(Number.parseFloat((await text('accuracy'))!)).toBeGreaterThan(15);
    const points = (await page.locator('#loss').getAttribute('points'))!.split(' ');
    expect(points.length).toBe(2 * 2);
    await page.close();
  });
});
