// Text in columns. Numbers stand at the right of their column, everything else at the left.

import { visibleLength } from './terminal.ts';

export type Align = 'left' | 'right';

/** @param align a column each; left where it says nothing */
export function table(rows: readonly (readonly string[])[], align: readonly Align[] = []): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...rows.map((row) => visibleLength(row[c] ?? ''))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, c) => {
        const space = ' '.repeat(widths[c] - visibleLength(cell));
        return align[c] === 'right' ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

/** The lines, moved to the right. */
export function indent(text: string, by = 2): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(by));
}
