import { describe, expect, it } from 'vitest';
import { table } from './table.ts';
import { wrap } from './wrap.ts';

describe('a table', () => {
  const rows = [
    ['name', 'size', ''],
    ['resnet18', '11', 'eighteen layers of basic blocks'],
    ['fc', '1,000', 'one'],
  ];
  const align = ['left', 'right', 'left'] as const;

  it('has numbers at the right', () => {
    expect(table(rows, align)).toBe(
      ['name       size', 'resnet18     11  eighteen layers of basic blocks', 'fc        1,000  one'].join('\n'),
    );
  });

  it('has narrower gaps where the screen is narrow', () => {
    expect(table(rows, align, 46)).toBe(
      ['name      size', 'resnet18    11 eighteen layers of basic blocks', 'fc       1,000 one'].join('\n'),
    );
  });

  it('goes on below in its last column where it is not', () => {
    expect(table(rows, align, 40)).toBe(
      ['name      size', 'resnet18    11 eighteen layers of basic', '               blocks', 'fc       1,000 one'].join(
        '\n',
      ),
    );
  });

  it('folds a column of text between numbers, too', () => {
    const parts = [
      ['a long name of a part', '1'],
      ['short', '1,000'],
    ];
    expect(table(parts, ['left', 'right'], 26)).toBe(
      ['a long name of a         1', 'part', 'short                1,000'].join('\n'),
    );
  });

  it('keeps numbers whole', () => {
    expect(table([['a', '1 000 000']], ['left', 'right'], 5)).toBe('a 1 000 000');
  });
});

describe('a text', () => {
  it('is broken between words', () => expect(wrap('one two three', 7)).toEqual(['one two', 'three']));
  it('keeps words that are too long', () =>
    expect(wrap('a /very/long/path b', 6)).toEqual(['a', '/very/long/path', 'b']));
  it('is measured without its colours', () => expect(wrap('\x1b[1mone\x1b[0m two', 7)).toHaveLength(1));
  it('may be empty', () => expect(wrap('', 7)).toEqual(['']));
});
