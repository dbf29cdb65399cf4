// Colours for what is drawn on a canvas, which knows no custom properties: they are asked of an element that has them.

import { isDark } from '../preferences.ts';

const probe = document.createElement('span');
probe.hidden = true;
document.documentElement.append(probe);

/** '--ink' -> 'rgb(29, 26, 22)', as it is in the theme that is shown. In a component: it is rendered anew with the theme. */
export function colour(property: `--${string}`): string {
  // Read so that whoever asks depends on it.
  void isDark.value;
  probe.style.color = `var(${property})`;
  return getComputedStyle(probe).color;
}

/** Of the i-th series; after eight they repeat, and dashes tell them apart. */
export function seriesColour(i: number): `--series-${number}` {
  return `--series-${(i % 8) + 1}`;
}
