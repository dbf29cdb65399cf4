// Text in lines that fit on the screen.

import { type Screen, visibleLength } from './terminal.ts';

/** Columns that text is fitted to: the terminal's. Where it goes into a file or a pipe, lines stay whole, as grep wants them. */
export const columnsOf = ({ interactive, width }: Screen): number => (interactive ? width : Infinity);

/** Breaks a text between words; a word that is longer than a line has one of its own. @returns at least one line */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.split(' ')) {
    if (line === undefined) line = word;
    else if (visibleLength(line) + 1 + visibleLength(word) <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line ?? ''];
}
