// What a page loads: one file, nothing besides it, and how large that is.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { describe, expect, it } from 'vitest';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const compressed = (code: string | Uint8Array) => gzipSync(code, { level: 9 }).length;

describe('the library for the browser', () => {
  it.each(['browser', 'full'])('is one file: %s.js imports nothing', (name) => {
    const code = readFileSync(path(`../../dist/${name}.js`), 'utf8');
    expect(code).not.toMatch(/\bimport\s*[({*"'`\w]|\brequire\(|\bfrom\s*["'`]/);
  });

  it('has engine, layers and training in less than 60 KB, gzipped', async () => {
    const { output } = (await build({
      configFile: false,
      logLevel: 'silent',
      build: {
        write: false,
        target: 'es2022',
        modulePreload: false,
        rolldownOptions: { input: path('core.ts'), preserveEntrySignatures: 'strict' },
      },
    })) as { output: { code: string }[] };
    expect(output.length).toBe(1);
    expect(compressed(output[0].code)).toBeLessThan(60_000);
  });

  it('has all of browser.js, networks and data included, in less than 68 KB', () => {
    expect(compressed(readFileSync(path('../../dist/browser.js')))).toBeLessThan(68_000);
  });
});
