// Text in columns. Numbers stand at the right of their column, everything else at the left. A table that is too wide for the
// screen gets narrower gaps; where that is not enough, its last column of text goes on below itself.

import { visibleLength } from './terminal.ts';
import { wrap } from './wrap.ts';

export type Align = 'left' | 'right';

/** That column's least width: a narrower one reads worse than lines that are too long. */
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
  const gap = own + 2 * (columns - 1) <= width ? 2 : 1;
  const others = (column: number) => own - widths[column] + gap * (columns - 1);
  const folded = widths.findLastIndex((_, c) => align[c] !== 'right');
  if (folded >= 0) widths[folded] = Math.min(widths[folded], Math.max(width - others(folded), LEAST));
  const start = widths.slice(0, folded).reduce((sum, column) => sum + column + gap, 0);
  return rows.map((row) => {
    const [text, ...below] = wrap(row[folded] ?? '', widths[folded]);
    const cells = row.map((cell, c) => {
      const own = c === folded ? text : cell;
      const space = ' '.repeat(Math.max(0, widths[c] - visibleLength(own)));
      return align[c] === 'right' ? space + own : own + space;
    });
    return [cells.join(' '.repeat(gap)).trimEnd(), ...below.map((line) => ' '.repeat(start) + line)].join('\n');
  });
}

/** The lines, moved to the right. */
export function indent(text: string, by = 2): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(by));
}
