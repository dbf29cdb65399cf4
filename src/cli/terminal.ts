// What the screen behind a stream can do, and text in colour where it can.

import { inspect } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export interface Screen {
  /** A person is looking: lines may be redrawn. */
  readonly interactive: boolean;
  /** Columns, 80 where nobody knows. Asked anew each time, since windows are resized. */
  readonly width: number;
  /** Whether more than ASCII can be shown. */
  readonly unicode: boolean;
  /** The text in that style; as it is where there are no colours (NO_COLOR, TERM=dumb, a file). */
  paint(style: Style, text: string): string;
}

export function screenOf(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): Screen {
  const colors = stream.isTTY === true && stream.hasColors(env);
  return {
    interactive: stream.isTTY === true && env.TERM !== 'dumb',
    get width() {
      return stream.columns || 80;
    },
    unicode: env.TERM !== 'linux' && env.TERM !== 'dumb',
    paint(style, text) {
      const [open, close] = inspect.colors[style]!;
      return colors ? `\x1b[${open}m${text}\x1b[${close}m` : text;
    },
  };
}

/** Columns that a text takes; colours take none. Every character of this program's own takes one. */
export function visibleLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return text.replace(/\x1b\[\d+m/g, '').length;
}
