// What README and docs say about the code: files that they name exist, and the image that docs/architecture.md follows goes
// the way that is told there.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { epochOrder } from '../src/data/sampler.ts';
import * as library from '../src/node.ts';
import { randomStream } from '../src/tensor/random.ts';
import { findRecipe } from '../src/train/index.ts';

const pages = ['README.md', ...readdirSync('docs').map((name) => join('docs', name))].filter((name) =>
  name.endsWith('.md'),
);

const tree = ['src', 'test', 'examples'].flatMap((top) =>
  readdirSync(top, { recursive: true }).map((name) => join(top, `${name}`)),
);

/** Whether a code span that looks like a file or folder is one: from the top, or the end of a path, as a page's own words. */
function exists(span: string): boolean {
  const path = span.replace(/\/$/, '');
  return existsSync(path) || tree.some((known) => known.endsWith(`/${path}`));
}

/** Code spans that name a TypeScript file, or a folder. */
function pathsIn(text: string): string[] {
  const spans = [...text.matchAll(/`([\w.@/-]+)`/g)].map(([, span]) => span);
  return spans.filter((span) => /\.ts$|\/$|^(src|test|docs|examples)\//.test(span));
}

/** Targets of links that are no web addresses. */
function linksIn(text: string): string[] {
  return [...text.matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)].map(([, target]) => target);
}

describe.each(pages)('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  it('names files that exist', () => {
    expect(pathsIn(text).filter((path) => !exists(path))).toEqual([]);
  });

  it('imports what the library has', () => {
    const imports = [...text.matchAll(/import \{([^}]*)\} from 'residua'/g)].flatMap(([, names]) => names.split(','));
    expect(imports.map((name) => name.trim()).filter((name) => name !== '' && !(name in library))).toEqual([]);
  });

  it('links to pages that exist', () => {
    expect(linksIn(text).filter((target) => !existsSync(join(dirname(page), target)))).toEqual([]);
  });
});

describe('image 0 in docs/architecture.md', () => {
  const page = readFileSync('docs/architecture.md', 'utf8').replace(/\s+/g, ' ');
  const { batchSize } = findRecipe('digits');
  const length = 60_000;

  it('comes up where the page says', () => {
    const place = epochOrder({ length, shuffle: true, seed: 0, epoch: 0 }).indexOf(0);
    const [batch, batches] = [Math.floor(place / batchSize) + 1, Math.ceil(length / batchSize)];
    expect(page).toContain(
      `in batch ${batch} of ${batches}, at the ${(place % batchSize) + 1}th place of ${batchSize}`,
    );
  });

  it('is cropped as the page says', () => {
    const stream = randomStream({ seed: 0, purpose: 'augment', epoch: 0, index: 0 });
    const [row, column] = [stream.integer(5), stream.integer(5)]; // 28 + 2 * 4 - 32 + 1 places each way
    expect(page).toContain(`the window begins in row ${row}, column ${column} of the padded image`);
  });
});
