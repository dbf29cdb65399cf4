// What index.ts exports runs everywhere, and the builds for a browser run there: no file that they reach needs Node, and none
// needs a package. Files that need a browser are reached from its builds only.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** What a file imports, types left out: they are gone when it runs. */
function importsOf(source: string): string[] {
  const statements = source.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm);
  return Array.from(statements, ([, specifier]) => specifier);
}

it.each(['index.ts', 'browser.ts', 'full.ts'])('%s reaches neither Node nor any package', (entry) => {
  const root = new URL('../src/', import.meta.url);
  const reached = new Set<string>([new URL(entry, root).href]);
  const foreign: string[] = [];
  for (const file of reached) {
    for (const specifier of importsOf(readFileSync(fileURLToPath(file), 'utf8'))) {
      const wrong = !specifier.startsWith('.') || specifier.includes('.node.') || specifier.endsWith('/node.ts');
      if (wrong) foreign.push(`${file.replace(root.href, '')} imports ${specifier}`);
      else if (specifier.endsWith('.ts')) reached.add(new URL(specifier, file).href);
    }
  }
  expect(foreign).toEqual([]);
  expect([...reached].some((file) => file.endsWith('/train/loop.ts'))).toBe(true);
  expect([...reached].some((file) => file.includes('.browser.'))).toBe(entry !== 'index.ts');
});
