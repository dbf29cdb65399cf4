// Which page is shown, and with what: it stands in the address behind the '#', so that it can be linked to and the browser's
// back button works without a server that knows of it.
//
//   #/inside?run=digits-1&layer=layer2.0.conv1

import { computed, signal } from '@preact/signals';

export const pages = ['train', 'draw', 'inside', 'compare', 'runs'] as const;
export type Page = (typeof pages)[number];

export interface Route {
  readonly page: Page;
  readonly query: Readonly<Record<string, string>>;
}

const hash = signal(location.hash);
addEventListener('hashchange', () => {
  hash.value = location.hash;
});

/** The train page where the address names none. */
export const route = computed((): Route => parse(hash.value));

export function parse(text: string): Route {
  const [path, search = ''] = text.replace(/^#\/?/, '').split('?');
  const page = pages.find((name) => name === path) ?? 'train';
  return { page, query: Object.fromEntries(new URLSearchParams(search)) };
}

/** For links. What is undefined is left out. */
export function href(page: Page, query: Readonly<Record<string, string | undefined>> = {}): string {
  const known = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const search = new URLSearchParams(known).toString();
  return `#/${page}${search && `?${search}`}`;
}

/** Changes what the page is shown with; the back button leads to the page before, not to each choice. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const { page, query } = route.peek();
  history.replaceState(null, '', href(page, { ...query, ...changes }));
  hash.value = location.hash;
}

export function navigate(page: Page, query: Readonly<Record<string, string | undefined>> = {}): void {
  location.hash = href(page, query);
}
