import { describe, expect, it } from 'vitest';
import { progressBar } from './progress-bar.ts';
import { type Screen, visibleLength } from './terminal.ts';

const screen: Screen = { interactive: true, width: 80, unicode: false, paint: (_style, text) => text };
const colored: Screen = { ...screen, paint: (_style, text) => `\x1b[32m${text}\x1b[39m` };
const content = {
  fraction: 0.5,
  label: 'Epoch 100/100',
  fields: ['187500/187500', 'loss 0.123', 'acc 97.3 %', '1:04:40 left', '612 img/s'],
};

describe('a progress bar', () => {
  it.each([200, 120, 100, 80, 60, 40, 30])('takes at most %i columns', (width) => {
    expect(visibleLength(progressBar(content, width, screen))).toBeLessThanOrEqual(width);
    expect(visibleLength(progressBar(content, width, colored))).toBeLessThanOrEqual(width);
  });

  it('leaves out the last fields first, to keep a bar', () => {
    expect(progressBar(content, 120, screen)).toContain('612 img/s');
    const narrow = progressBar(content, 80, screen);
    expect(narrow).not.toContain('img/s');
    expect(narrow).toContain('left');
    expect(narrow).toMatch(/#+-+/);
  });

  it.each([
    [0, 0],
    [0.25, 5],
    [1, 20],
    [1.5, 20],
  ])('%d of it is %i of 20 marks', (fraction, marks) => {
    const bar = progressBar({ fraction, label: 'ab', fields: [] }, 24, screen);
    expect(bar).toBe(`ab  ${'#'.repeat(marks)}${'-'.repeat(20 - marks)}`);
  });
});
