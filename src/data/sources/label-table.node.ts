// A folder with a table of labels: DIR/labels.csv, or DIR/train.csv and DIR/test.csv (and DIR/validation.csv). Files are named
// from the folder; see formats/label-table.ts for the columns.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, normalize, sep } from 'node:path';
import { ResiduaError } from '../../errors.ts';
import { type LabelTable, MOST_TABLE_BYTES, readLabelTable } from '../../formats/label-table.ts';
import { type ListedImage, type Listing, splitOffTest, TEST_SHARE } from './listing.ts';
import { type SplitName, splitNames } from './source.ts';

const tableFiles: Readonly<Record<SplitName, readonly string[]>> = {
  train: ['train.csv'],
  validation: ['validation.csv', 'val.csv', 'valid.csv'],
  test: ['test.csv'],
};

export function hasLabelTable(root: string): boolean {
  return existsSync(join(root, 'labels.csv')) || existsSync(join(root, 'train.csv'));
}

/** @throws ResiduaError that names the table and the line that is wrong */
export function listLabelTable(root: string): Listing {
  if (existsSync(join(root, 'labels.csv'))) return ofOneTable(root, join(root, 'labels.csv'));
  const tables = new Map<SplitName, { path: string; table: LabelTable }>();
  for (const split of splitNames) {
    const path = tableFiles[split].map((name) => join(root, name)).find((file) => existsSync(file));
    if (path !== undefined) tables.set(split, { path, table: read(path) });
  }
  const all = [...tables.values()];
  const { multiLabel } = all[0].table;
  const different = all.find(({ table }) => table.multiLabel !== multiLabel);
  if (different) {
    throw new ResiduaError(`${different.path} has other columns than ${all[0].path}`, {
      hint: 'Give all tables the same columns.',
    });
  }
  const classes = sameClasses(all);
  const taken = new Map<string, string>();
  const of = (split: SplitName) => {
    const own = tables.get(split);
    return own === undefined ? [] : listed(root, own.path, own.table, classes, taken);
  };
  const splits = { train: of('train'), validation: of('validation'), test: of('test') };
  if (splits.test.length > 0) return { root, classes, multiLabel, splits, notes: [] };
  return { root, classes, multiLabel, splits: { ...splits, ...splitOffTest(splits.train) }, notes: [splitNote] };
}

const splitNote = `No test table: ${100 * TEST_SHARE} % of the images, of each combination of labels, are the test set, at random but always the same.`;

function ofOneTable(root: string, path: string): Listing {
  const table = read(path);
  const { multiLabel, hasSplit, rows } = table;
  const classes = sameClasses([{ path, table }]);
  const images = listed(root, path, table, classes, new Map());
  const of = (split: SplitName) => images.filter((_, i) => rows[i].split === split);
  if (!hasSplit) {
    const splits = { validation: [], ...splitOffTest(images) };
    return { root, classes, multiLabel, splits, notes: [splitNote] };
  }
  const splits = { train: of('train'), validation: of('validation'), test: of('test') };
  for (const split of ['train', 'test'] as const) {
    if (splits[split].length > 0) continue;
    throw new ResiduaError(`${path}: no picture is in the split '${split}'`, {
      hint: "Mark some, or leave the column 'split' out to have one made.",
    });
  }
  return { root, classes, multiLabel, splits, notes: [] };
}

/** The classes of the training table, which must be all there are. */
function sameClasses(tables: readonly { readonly path: string; readonly table: LabelTable }[]): readonly string[] {
  const [
    {
      path,
      table: { classes },
    },
    ...others
  ] = tables;
  if (classes.length < 2) {
    throw new ResiduaError(`${path}: expected at least two classes, found ${classes.join(', ') || 'none'}`, {
      hint: 'Label pictures of at least two classes.',
    });
  }
  for (const other of others) {
    const extra = other.table.classes.filter((name) => !classes.includes(name));
    if (extra.length === 0) continue;
    throw new ResiduaError(`${other.path} has classes that ${path} has not: ${extra.join(', ')}`, {
      hint: 'Every class needs training images.',
    });
  }
  return classes;
}

/** @param taken files that are in a table already, and where */
function listed(
  root: string,
  path: string,
  { rows }: LabelTable,
  classes: readonly string[],
  taken: Map<string, string>,
): ListedImage[] {
  const places = new Map(classes.map((name, i) => [name, i]));
  return rows.map(({ file, labels, line }) => {
    const place = `${path}, line ${line}`;
    const inside = normalize(file);
    if (isAbsolute(inside) || inside === '..' || inside.startsWith(`..${sep}`)) {
      throw new ResiduaError(`${place}: '${file}' is not in ${root}`, { hint: `Name files from ${root}.` });
    }
    const before = taken.get(inside);
    if (before !== undefined) {
      throw new ResiduaError(`${place}: ${file} was named before, in ${before}`, { hint: 'Name every picture once.' });
    }
    taken.set(inside, place);
    if (!existsSync(join(root, inside))) {
      throw new ResiduaError(`${place}: there is no ${join(root, inside)}`, {
        hint: 'Put the file there, or take the line out.',
      });
    }
    return { file: inside, labels: labels.map((name) => places.get(name)!) };
  });
}

function read(path: string): LabelTable {
  try {
    const { size } = statSync(path);
    if (size <= MOST_TABLE_BYTES) return readLabelTable(readFileSync(path, 'utf8'), path);
    throw new ResiduaError(`${path}: expected a table of labels, found ${size} bytes`);
  } catch (error) {
    if (error instanceof ResiduaError) throw error;
    throw new ResiduaError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}
