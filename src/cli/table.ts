// Text in columns. Numbers stand at the right of their column, everything else at the left. A table that is too wide for the
// screen gets narrower gaps; where that is not enough, the text of its last column goes on below itself.

import { visibleLength } from './terminal.ts';
import { wrap } from './wrap.ts';

export type Align = 'left' | 'right';

/** The last column's least width: a narrower one reads worse than lines that are too long. */
const LEAST = 20;

/**
 * @param align a column each; left where it says nothing
 * @param width columns of the screen that it may take
 */
export function table(rows: readonly (readonly string[])[], align: readonly Align[] = [], width = Infinity): string {
  return tableRows(rows, align, width).join('\n');
}

/** The same, row by row: one that is too long has several lines. */
export function tableRows(
  rows: readonly (readonly string[])[],
  align: readonly Align[] = [],
  width = Infinity,
): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...rows.map((row) => visibleLength(row[c] ?? ''))));
  const own = widths.reduce((sum, column) => sum + column, 0);
  const last = columns - 1;
  const gap = own + 2 * last <= width ? 2 : 1;
  const start = own - widths[last] + gap * last;
  const room = align[last] === 'right' ? Infinity : Math.max(width - start, LEAST);
  return rows.map((row) => {
    const [text, ...rest] = wrap(row[last] ?? '', room);
    const cells = row.map((cell, c) => {
      if (c === last) cell = text;
      const space = ' '.repeat(Math.max(0, widths[c] - visibleLength(cell)));
      return align[c] === 'right' ? space + cell : cell + space;
    });
    const below = rest.map((line) => ' '.repeat(start) + line);
    return [cells.join(' '.repeat(gap)).trimEnd(), ...below].join('\n');
  });
}

/** The lines, moved to the right. */
export function indent(text: string, by = 2): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(by));
}
