// That an HTML document closes what it opens: for the tests of reports.

import { expect } from 'vitest';

/** Elements are closed in the order in which they were opened; void ones are not closed. */
export function checkWellFormed(page: string): void {
  const open: string[] = [];
  const body = page.replace(/<style>[\s\S]*?<\/style>/, '').replace('<!doctype html>', '');
  for (const [tag, slash, name, selfClosing] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (slash) expect(open.pop(), tag).toBe(name);
    else if (!selfClosing && !['meta', 'link', 'img', 'br'].includes(name)) open.push(name);
  }
  expect(open).toEqual([]);
}
