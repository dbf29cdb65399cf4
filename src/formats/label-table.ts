// A CSV table that says which labels each picture has. The first line names the columns, the first column is the file. Then
// either
//
//   file,label            one class an image:          1.png,cat
//   file,labels           any number, | or ; between:  1.png,cat|dog     2.png,
//   file,cat,dog,...      a column a class, 1 or 0:    1.png,1,1         2.png,0,0
//
// and, anywhere, a column `split` with train, validation (val) or test.

import { CsvError, parse } from 'csv-parse/sync';
import { ResiduaError } from '../errors.ts';
import { printable } from './printable.ts';

export type TableSplit = 'train' | 'validation' | 'test';

export interface LabelTable {
  readonly multiLabel: boolean;
  /** In the order of their columns, or sorted where they are named in the lines. */
  readonly classes: readonly string[];
  /** Whether the table says of each picture which split it is in. */
  readonly hasSplit: boolean;
  readonly rows: readonly LabelRow[];
}

export interface LabelRow {
  readonly file: string;
  readonly labels: readonly string[];
  readonly split: TableSplit | undefined;
  /** In the CSV file, from 1. */
  readonly line: number;
}

/** Bytes of a longer table are surely no table of pictures. */
export const MOST_TABLE_BYTES = 256e6;
const MOST_COLUMNS = 10_000;

/** Of a line, in bytes: the reader's work grows faster than the length of a line. */
const LONGEST_LINE = 200_000;

const splitNames: ReadonlyMap<string, TableSplit> = new Map([
  ['train', 'train'],
  ['val', 'validation'],
  ['valid', 'validation'],
  ['validation', 'validation'],
  ['test', 'test'],
]);

/**
 * @param text the whole file
 * @param source how to call it in errors
 * @throws ResiduaError that names the line and what was expected
 */
export function readLabelTable(text: string, source: string): LabelTable {
  const records = parseRecords(text, source);
  const fail = (line: number, message: string, hint?: string) =>
    new ResiduaError(`${source}, line ${line}: ${message}`, { hint: hint ?? 'Correct the line, or take it out.' });
  const [head, ...lines] = records;
  if (head === undefined || lines.length === 0) {
    throw new ResiduaError(
      `${source}: expected a line of column names and a line a picture, found ${records.length} line(s)`,
      {
        hint: 'Begin with file,label or file,labels or file,CLASS,CLASS,...',
      },
    );
  }
  const columns = head.cells;
  const repeated = columns.find((name, i) => columns.indexOf(name) !== i);
  if (repeated !== undefined) throw fail(head.line, `the column '${repeated}' is there twice`);
  if (columns.length < 2 || columns.length > MOST_COLUMNS || columns.includes('')) {
    throw fail(
      head.line,
      `expected the names of 2 to ${MOST_COLUMNS} columns, found ${JSON.stringify(columns.slice(0, 5))}`,
    );
  }
  const splitAt = columns.findIndex((name, i) => i > 0 && name.toLowerCase() === 'split');
  const labelColumns = [...columns.keys()].filter((i) => i > 0 && i !== splitAt);
  const only = labelColumns.length === 1 ? columns[labelColumns[0]].toLowerCase() : undefined;
  const kind = only === 'label' || only === 'class' ? 'label' : only === 'labels' ? 'labels' : 'columns';
  if (kind === 'columns' && labelColumns.length < 2) {
    throw fail(head.line, `expected a column 'label', a column 'labels', or a column for each of two or more classes`);
  }

  const labelsOf = ({ cells, line }: Record): string[] => {
    if (kind === 'columns') {
      return labelColumns.flatMap((i) => {
        if (cells[i] === '1') return [columns[i]];
        if (cells[i] === '0') return [];
        throw fail(line, `the column '${columns[i]}' must be 0 or 1, found '${cells[i].slice(0, 40)}'`);
      });
    }
    const cell = cells[labelColumns[0]];
    if (kind === 'labels')
      return [...new Set(cell.split(/[|;]/).map((name) => name.trim()))].filter((name) => name !== '');
    if (cell === '') throw fail(line, 'the label is empty');
    return [cell];
  };
  const rows = lines.map((record): LabelRow => {
    const { cells, line } = record;
    if (cells.length !== columns.length) throw fail(line, `expected ${columns.length} cells, found ${cells.length}`);
    if (cells[0] === '') throw fail(line, 'the file is empty');
    const split = splitAt === -1 ? undefined : splitNames.get(cells[splitAt].toLowerCase());
    if (splitAt !== -1 && split === undefined) {
      throw fail(line, `the split must be train, validation or test, found '${cells[splitAt].slice(0, 40)}'`);
    }
    return { file: cells[0], labels: labelsOf(record), split, line };
  });
  const named = [...new Set(rows.flatMap(({ labels }) => labels))].sort();
  const classes = kind === 'columns' ? labelColumns.map((i) => columns[i]) : named;
  return { multiLabel: kind !== 'label', classes, hasSplit: splitAt !== -1, rows };
}

interface Record {
  readonly cells: readonly string[];
  readonly line: number;
}

function parseRecords(text: string, source: string): Record[] {
  try {
    const parsed = parse(text, {
      bom: true,
      info: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: LONGEST_LINE,
    });
    return (parsed as unknown as { record: string[]; info: { lines: number } }[]).map(({ record, info }) => {
      return { cells: record, line: info.lines };
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new ResiduaError(`${source}: no CSV table: ${printable(error.message, 300)}`, {
      hint: 'Separate cells by commas, and put cells that have commas in double quotes.',
      cause: error,
    });
  }
}
