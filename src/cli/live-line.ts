// One line at the bottom of a terminal that is written over again and again, with ordinary lines passing above it. Where
// nobody looks at a terminal (a file, a pipe), the live line isn't there and ordinary lines are just written.

import type { Screen } from './terminal.ts';
import { screenOf, visibleLength } from './terminal.ts';

/** Milliseconds between two drawings: ten a second look continuous and cost nothing. */
const INTERVAL = 100;

/** Columns left free at the end, for the ^C that a terminal shows when the user types it, and so that nothing wraps. */
const ROOM = 3;

export class LiveLine {
  readonly screen: Screen;
  readonly #stream: NodeJS.WriteStream;
  readonly #now: () => number;
  #stopped = false;
  #drawn = '';
  #drawnAt = -Infinity;

  constructor(stream: NodeJS.WriteStream, { screen = screenOf(stream), now = () => performance.now() } = {}) {
    this.#stream = stream;
    this.screen = screen;
    this.#now = now;
  }

  /** Shows a new text, made only when it is time for it. @param compose a text of at most `width` columns */
  update(compose: (width: number) => string): void {
    if (!this.screen.interactive || this.#stopped || this.#now() - this.#drawnAt < INTERVAL) return;
    this.#drawnAt = this.#now();
    this.#draw(compose(this.screen.width - ROOM));
  }

  /** An ordinary line, above the live one. */
  log(text: string): void {
    const below = this.#drawn;
    this.clear();
    this.#stream.write(`${text}\n`);
    if (below !== '') this.#draw(below);
  }

  /** Takes the live line away; the next update shows it again at once. */
  clear(): void {
    if (this.#drawn !== '') this.#stream.write('\r\x1b[K');
    this.#drawn = '';
    this.#drawnAt = -Infinity;
  }

  /** Takes it away for good: nothing is left behind if the program ends at any moment from now on. */
  stop(): void {
    this.clear();
    this.#stopped = true;
  }

  #draw(text: string): void {
    this.#drawn = visibleLength(text) < this.screen.width ? text : '';
    if (this.#drawn !== '') this.#stream.write(`\r${this.#drawn}\x1b[K`);
  }
}
