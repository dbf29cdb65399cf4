import { describe, expect, it } from 'vitest';
import { LiveLine } from './live-line.ts';
import type { Screen } from './terminal.ts';

/** A stream that keeps what is written, a screen, and a clock that is set by hand. */
function fakeTerminal({ interactive = true } = {}) {
  let written = '';
  const screen: Screen = { interactive, width: 20, unicode: true, paint: (_style, text) => text };
  const write = (text: string) => {
    written += text;
  };
  const stream = { write } as unknown as NodeJS.WriteStream;
  const clock = { now: 0 };
  return { line: new LiveLine(stream, { screen, now: () => clock.now }), clock, written: () => written };
}

/** What a terminal shows in the end, a line each: \r goes back to the first column, \x1b[K erases from there on. */
function shown(written: string): string[] {
  return written.split('\n').map((line) => {
    let text = '';
    for (const drawing of line.split('\r')) {
      const [kept, erased] = drawing.split('\x1b[K');
      text = erased === undefined ? kept + text.slice(kept.length) : kept + erased;
    }
    return text;
  });
}

describe('a live line', () => {
  it('is drawn at most ten times a second', () => {
    const { line, clock } = fakeTerminal();
    let drawn = 0;
    for (clock.now = 0; clock.now < 1000; clock.now += 7) line.update(() => `step ${++drawn}`);
    expect(drawn).toBeGreaterThan(5);
    expect(drawn).toBeLessThanOrEqual(10);
  });

  it('stays below the ordinary lines', () => {
    const { line, written } = fakeTerminal();
    line.update(() => 'half');
    line.log('first');
    line.log('second');
    expect(shown(written())).toEqual(['first', 'second', 'half']);
  });

  it('leaves nothing behind', () => {
    const { line, written } = fakeTerminal();
    line.update(() => 'half');
    line.log('first');
    line.clear();
    line.log('last');
    expect(shown(written())).toEqual(['first', 'last', '']);
  });

  it('is not drawn after it was stopped', () => {
    const { line, clock, written } = fakeTerminal();
    line.update(() => 'half');
    line.stop();
    clock.now = 1000;
    line.update(() => 'more');
    expect(shown(written())).toEqual(['']);
  });

  it('leaves room for a ^C', () => {
    const { line, written } = fakeTerminal();
    line.update((width) => 'x'.repeat(width));
    expect(shown(written())).toEqual(['x'.repeat(17)]);
  });

  it('is not there where nobody looks: only ordinary lines', () => {
    const { line, written } = fakeTerminal({ interactive: false });
    line.update(() => 'half');
    line.log('first');
    line.clear();
    expect(written()).toBe('first\n');
  });
});
