// Who can't see the page well, or uses no mouse, has all of it: axe-core finds nothing on any page, in both themes, wide and on a
// phone, with runs and without, in both languages; nothing runs over the edge of a phone.

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executablePath, launch } from '../browser/chromium.ts';
import { temporaryFolder } from '../cli/run-cli.ts';
import { COMPARISON, prepareRuns, RUN } from './prepared.ts';
import { type RunningStudio, startStudio } from './start-studio.ts';

const PATIENCE = 300_000;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Of each page: its address, and what is there when it is all there. */
const pages: Readonly<Record<string, readonly [address: string, ready: string]>> = {
  train: ['#/train', '.train'],
  draw: [`#/draw?run=${RUN}`, '.board'],
  inside: [`#/inside?run=${RUN}&layer=layer2.0`, '.map-grid canvas'],
  compare: [`#/compare?id=${COMPARISON}`, '.twins'],
  runs: ['#/runs', '.plot'],
  'a run': [`#/runs?run=${RUN}`, '.confusion'],
};

const visitors = [
  { name: 'light, wide', language: 'en-GB', colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  {
    name: 'dark, on a phone, in Chinese',
    language: 'zh-CN',
    colorScheme: 'dark',
    viewport: { width: 390, height: 844 },
  },
] as const;

describe.skipIf(executablePath === undefined)('the studio, read by axe-core', () => {
  const folder = temporaryFolder();
  const studios: RunningStudio[] = [];
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(join(folder, 'empty'));
    studios.push(await startStudio(await prepareRuns(folder)), await startStudio(join(folder, 'empty')));
    browser = await launch();
  }, PATIENCE);
  afterAll(async () => {
    await browser?.close();
    for (const studio of studios) await studio.stop();
  });

  async function expectNothingFound(page: Page): Promise<void> {
    await page.evaluate(axe);
    const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`),
    ).toEqual([]);
    const { scrolled, width } = await page.evaluate(() => {
      return { scrolled: document.documentElement.scrollWidth, width: innerWidth };
    });
    expect(scrolled).toBeLessThanOrEqual(width);
  }

  describe.each(visitors)('$name', ({ language, colorScheme, viewport }) => {
    it.each(Object.entries(pages))('%s', { timeout: PATIENCE }, async (_, [address, ready]) => {
      const context = await browser.newContext({ locale: language, colorScheme, viewport, reducedMotion: 'reduce' });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE);
      await page.goto(studios[0].url + address);
      await page.locator(ready).first().waitFor();
      expect(await page.locator('html').getAttribute('lang')).toBe(language === 'zh-CN' ? 'zh-Hans' : 'en');
      await expectNothingFound(page);
      await context.close();
    });

    it('every page where nothing is trained', { timeout: PATIENCE }, async () => {
      const context = await browser.newContext({ locale: language, colorScheme, viewport });
      const page = await context.newPage();
      for (const name of ['train', 'draw', 'inside', 'compare', 'runs']) {
        await page.goto(`${studios[1].url}#/${name}`);
        await page.locator(name === 'train' ? '.train' : '.empty').waitFor();
        await expectNothingFound(page);
      }
      await context.close();
    });
  });
});
