// Imports point downwards only, as docs/architecture.md draws it: whoever reads a file has to know what lies below it, and
// nothing of what is built upon it.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** Folders and files of src, the lowest first. Those of a row may know each other. */
const layers: readonly (readonly string[])[] = [
  ['errors.ts', 'format.ts', 'version.ts'],
  ['files', 'tensor'],
  ['compiler', 'devices'],
  ['nn'],
  ['formats', 'models', 'data'],
  ['train'],
  ['explain'],
  ['train/run'],
  ['train/compare'],
  ['index.ts', 'node.ts', 'browser.ts', 'full.ts', 'cli', 'studio'],
];

const root = fileURLToPath(new URL('../src', import.meta.url));

/** The row of a path within src; the longest name that fits it counts. */
function layerOf(path: string): number {
  const isIn = (name: string) => path === name || path.startsWith(`${name}/`);
  const names = layers.flat().filter(isIn);
  const name = names.sort((a, b) => b.length - a.length)[0];
  return layers.findIndex((row) => row.includes(name));
}

it('imports point downwards', () => {
  const upwards: string[] = [];
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'));
  const sources = files.filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path));
  expect(sources.filter((path) => layerOf(path) < 0)).toEqual([]);
  for (const path of sources) {
    const text = readFileSync(join(root, path), 'utf8');
    for (const [, specifier] of text.matchAll(/\bfrom '(\.[^']+)'/g)) {
      const imported = relative(root, join(root, dirname(path), specifier)).replaceAll('\\', '/');
      if (imported.startsWith('..')) continue; // package.json, for the version
      if (layerOf(imported) > layerOf(path)) upwards.push(`${path} imports ${imported}`);
    }
  }
  expect(upwards).toEqual([]);
});
