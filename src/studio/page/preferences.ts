// What a visitor chose about the page itself, language and theme: kept by the browser, and set on <html>.

import { effect, signal } from '@preact/signals';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

export const theme = signal<Theme>(stored('theme', themes) ?? 'system');
export const language = signal<Language>(
  stored('language', languages) ?? (navigator.language.startsWith('zh') ? 'zh' : 'en'),
);

/** Whether dark colours are shown: what a canvas, which knows no CSS, has to draw in anew when it changes. */
export const isDark = signal(false);

const systemIsDark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => {
  isDark.value = theme.value === 'system' ? systemIsDark.matches : theme.value === 'dark';
};
systemIsDark.addEventListener('change', follow);

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  store('theme', theme.value);
  follow();
});
effect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-Hans' : 'en';
  store('language', language.value);
});

/** A browser may refuse to keep anything: then the choice lasts as long as the page. */
function stored<T extends string>(name: string, allowed: readonly T[]): T | undefined {
  try {
    const value = localStorage.getItem(`residua.${name}`);
    return allowed.find((candidate) => candidate === value);
  } catch {
    return undefined;
  }
}

function store(name: string, value: string): void {
  try {
    localStorage.setItem(`residua.${name}`, value);
  } catch {
    // Nothing depends on it.
  }
}
