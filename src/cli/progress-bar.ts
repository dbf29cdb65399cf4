// A progress bar as text, made to fit: fields stand after the bar in the order of their worth, and where a terminal is
// narrow the last ones are left out, so that the bar keeps a length that can be read.

import { type Screen, visibleLength } from './terminal.ts';

const SHORTEST = 6;
const LONGEST = 40;

export interface BarContent {
  /** Done, 0 to 1. */
  readonly fraction: number;
  /** Before the bar. */
  readonly label: string;
  /** After the bar, the most important first. */
  readonly fields: readonly string[];
}

/** At most `width` columns, if the label and a short bar fit at all. */
export function progressBar({ fraction, label, fields }: BarContent, width: number, screen: Screen): string {
  const kept = [...fields];
  const room = () => width - visibleLength([label, '', ...kept].join('  '));
  while (kept.length > 0 && room() < SHORTEST) kept.pop();
  const length = Math.min(LONGEST, room());
  const bar = length >= SHORTEST ? [drawBar(fraction, length, screen)] : [];
  return [label, ...bar, ...kept].join('  ');
}

function drawBar(fraction: number, length: number, screen: Screen): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * length);
  const [done, rest] = screen.unicode ? ['━', '─'] : ['#', '-'];
  return screen.paint('green', done.repeat(full)) + screen.paint('dim', rest.repeat(length - full));
}
