import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResiduaError } from '../errors.ts';
import { readLabelTable } from './label-table.ts';

describe('a table of labels', () => {
  it('may have quotes, spaces, empty lines and the line ends of any system', () => {
    const text = '\uFEFFfile, labels\r\n"a,b.png" ,cat | dog\r\n\r\n"c""d.png","dog;"\r';
    expect(readLabelTable(text, 't.csv')).toEqual({
      multiLabel: true,
      classes: ['cat', 'dog'],
      hasSplit: false,
      rows: [
        { file: 'a,b.png', labels: ['cat', 'dog'], split: undefined, line: 2 },
        { file: 'c"d.png', labels: ['dog'], split: undefined, line: 4 },
      ],
    });
  });

  it('keeps the order of class columns, and the classes that no picture has', () => {
    const { classes, rows, multiLabel } = readLabelTable('f,z,m,a\n1,1,0,1\n2,0,0,0\n', 't.csv');
    expect({ classes, multiLabel }).toEqual({ classes: ['z', 'm', 'a'], multiLabel: true });
    expect(rows.map(({ labels }) => labels)).toEqual([['z', 'a'], []]);
  });

  it('names a column __proto__ or constructor like any other', () => {
    const { classes, rows } = readLabelTable('file,__proto__,constructor\n1.png,1,0\n', 't.csv');
    expect(classes).toEqual(['__proto__', 'constructor']);
    expect(rows[0].labels).toEqual(['__proto__']);
  });

  it('is read or refused, whatever it says', () => {
    const cell = fc.oneof(fc.constantFrom('0', '1', '', '"', 'a|b', ';', '\n', 'x.png', 'train'), fc.string());
    const head = fc.constantFrom('file,label\n', 'file,labels\n', 'file,a,b\n', 'file,split,label\n', '');
    fc.assert(
      fc.property(head, fc.array(fc.array(cell, { maxLength: 5 })), (first, lines) => {
        const text = first + lines.map((cells) => cells.join(',')).join('\n');
        try {
          const { classes, rows } = readLabelTable(text, 't.csv');
          for (const { labels } of rows) for (const label of labels) expect(classes).toContain(label);
        } catch (error) {
          expect(error).toBeInstanceOf(ResiduaError);
          expect((error as ResiduaError).message).toContain('t.csv');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('of megabytes without a line end or a closing quote is refused', () => {
    expect(() => readLabelTable('x'.repeat(5e6), 't.csv')).toThrow('t.csv');
    expect(() => readLabelTable(`file,label\n"${'a,'.repeat(1e6)}`, 't.csv')).toThrow('no CSV table');
    expect(() => readLabelTable(`file${',c'.repeat(1e6)}\n`, 't.csv')).toThrow(ResiduaError);
  });
});
