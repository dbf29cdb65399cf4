// What index.ts exports runs in a browser: no file that it reaches needs Node, and none needs a package.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** What a file imports, types left out: they are gone when it runs. */
function importsOf(source: string): string[] {
  const statements = source.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm);
  return Array.from(statements, ([, specifier]) => specifier);
}

it('the core imports neither Node nor any package', () => {
  const root = new URL('../src/', import.meta.url);
  const reached = new Set<string>([new URL('index.ts', root).href]);
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
});
