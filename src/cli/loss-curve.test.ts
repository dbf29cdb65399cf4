import { describe, expect, it } from 'vitest';
import { lossCurve } from './loss-curve.ts';
import type { Screen } from './terminal.ts';

const ascii: Screen = { interactive: true, width: 80, unicode: false, paint: (_style, text) => text };
const unicode: Screen = { ...ascii, unicode: true };
const points = (...losses: number[]) => losses.map((loss, i) => ({ step: 100 * (i + 1), loss }));

describe('the loss curve', () => {
  it('falls from the left top to the right bottom, evenly for a loss that is halved again and again', () => {
    const lines = lossCurve(points(8, 4, 2, 1), { width: 21, height: 4 }, ascii).split('\n');
    expect(lines.slice(0, 4).map((line) => line.slice(0, 5))).toEqual(['6.17|', '3.67|', '2.18|', '1.30|']);
    const stars = lines.slice(0, 4).map((line) => [line.indexOf('*'), line.lastIndexOf('*')]);
    expect(stars[0][0]).toBe(5);
    expect(stars[3][1]).toBe(20);
    for (const [row, [from, to]] of stars.entries()) {
      expect(to - from + 1).toBeGreaterThanOrEqual(3);
      if (row > 0) expect(from).toBe(stars[row - 1][1] + 1);
    }
    expect(lines.slice(4)).toEqual(['    +----------------', '             step 400']);
  });

  it.each([20, 40, 79, 119])('takes at most %i columns', (width) => {
    const many = points(...Array.from({ length: 500 }, (_, i) => 2.3 / (1 + i) + 0.01));
    for (const line of lossCurve(many, { width }, unicode).split('\n')) expect(line.length).toBeLessThanOrEqual(width);
  });

  it('has a dot in every column of dots, however few the points are', () => {
    const rows = lossCurve(points(2, 1), { width: 40 }, unicode).split('\n').slice(0, -2);
    const columns = Math.max(...rows.map((row) => row.length)) - rows[0].indexOf('┤') - 1;
    for (let c = 0; c < columns; c++) {
      const place = rows[0].indexOf('┤') + 1 + c;
      expect(
        rows.some((row) => (row[place] ?? ' ') !== ' '),
        `column ${c}`,
      ).toBe(true);
    }
  });

  it('draws what does not fall, and what is 0', () => {
    expect(lossCurve(points(1, 1, 1), { width: 30 }, ascii)).toContain('*');
    expect(lossCurve(points(1, 0.5, 0), { width: 30 }, ascii)).toContain('*');
  });

  it('says nothing where there is nothing to see', () => {
    for (const losses of [[], [1], [0, 0]]) expect(lossCurve(points(...losses), { width: 30 }, ascii)).toBe('');
  });
});
