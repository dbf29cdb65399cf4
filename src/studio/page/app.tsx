// The shell: header, navigation, and the page that the address names.

import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { ComparePage } from './compare/compare-page.tsx';
import { Glyph } from './components/brand.tsx';
import { Icon } from './components/icon.tsx';
import { DrawPage } from './draw/draw-page.tsx';
import { strings } from './i18n/strings.ts';
import { InsidePage } from './inside/inside-page.tsx';
import { language, theme, themes } from './preferences.ts';
import { href, type Page, pages, route } from './router.ts';
import { RunsPage } from './runs/runs-page.tsx';
import { connected, runs } from './state/runs.ts';
import { TrainPage } from './train/train-page.tsx';

const components: Readonly<Record<Page, ComponentType>> = {
  train: TrainPage,
  draw: DrawPage,
  inside: InsidePage,
  compare: ComparePage,
  runs: RunsPage,
};

export function App() {
  const { page } = route.value;
  const { shell } = strings.value;
  const main = useRef<HTMLElement>(null);
  const shown = useRef(page);
  const Current = components[page];
  document.title = `${shell.pages[page]} · Residua`;

  // Whoever listens to the page is taken to what is new on it.
  useEffect(() => {
    if (shown.current !== page) {
      main.current?.focus();
      scrollTo(0, 0);
    }
    shown.current = page;
  }, [page]);

  return (
    <>
      <button type="button" class="button primary skip" onClick={() => main.current?.focus()}>
        {shell.skip}
      </button>
      <header class="header">
        <a class="brand" href={href('train')}>
          <Glyph />
          Residua
        </a>
        <nav class="nav" aria-label={shell.navigation}>
          <ul>
            {pages.map((name) => (
              <li key={name}>
                <a href={href(name)} aria-current={name === page ? 'page' : undefined}>
                  <Icon name={name} />
                  <span data-name={shell.pages[name]}>{shell.pages[name]}</span>
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <Preferences />
      </header>
      <main ref={main} tabIndex={-1}>
        {!connected.value && runs.value && (
          <p class="note error offline" role="alert">
            {shell.offline}
          </p>
        )}
        <Current />
      </main>
    </>
  );
}

function Preferences() {
  const { shell } = strings.value;
  const next = themes[(themes.indexOf(theme.value) + 1) % themes.length];
  const icon = { system: 'system', light: 'sun', dark: 'moon' } as const;
  const other = language.value === 'en' ? 'zh' : 'en';
  return (
    <div class="preferences">
      <button
        type="button"
        class="icon-button"
        lang={other === 'zh' ? 'zh-Hans' : 'en'}
        onClick={() => {
          language.value = other;
        }}
      >
        {other === 'zh' ? '中文' : 'English'}
      </button>
      <button
        type="button"
        class="icon-button"
        title={shell.theme(shell.themes[theme.value])}
        aria-label={shell.theme(shell.themes[theme.value])}
        onClick={() => {
          theme.value = next;
        }}
      >
        <Icon name={icon[theme.value]} />
      </button>
    </div>
  );
}
