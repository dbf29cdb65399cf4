// A folder whose folders are classes:
//
//   DIR/train/cat/1.png   DIR/test/cat/7.jpg   (DIR/val/cat/5.webp)      with its own split, or
//   DIR/cat/1.png         DIR/dog/a/b.jpg                                 with a split that is made here
//
// Classes are the names of the folders, sorted. Pictures may lie deeper in a class. Nothing is opened.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ResiduaError } from '../../errors.ts';
import { isFolder } from '../../files/is-folder.node.ts';
import { type ListedImage, type Listing, splitOffTest, TEST_SHARE } from './listing.ts';
import type { SplitName } from './source.ts';

export const pictureName = /\.(png|jpe?g|webp)$/i;

/** What folders of a split are called; where both are there, `test` is the test. */
export const splitFolders: Readonly<Record<SplitName, readonly string[]>> = {
  train: ['train', 'training'],
  validation: ['val', 'valid', 'validation'],
  test: ['test', 'testing'],
};

/** Whether there is at least one folder in it that is not hidden. */
export function hasFolders(root: string): boolean {
  return foldersIn(root).length > 0;
}

/** @throws ResiduaError when a class has no pictures, or there is only one class */
export function listImageFolder(root: string): Listing {
  const folders = foldersIn(root);
  const find = (split: SplitName) => splitFolders[split].find((name) => folders.includes(name));
  const [train, validation, test] = [find('train'), find('validation'), find('test')];
  if (train === undefined) {
    if (test !== undefined || validation !== undefined) {
      throw new ResiduaError(`${root} has a folder '${test ?? validation}' but no folder 'train'`, {
        hint: `Expected train/CLASS/*.png and test/CLASS/*.png, or CLASS/*.png without a split.`,
      });
    }
    return withoutSplit(root, folders);
  }
  const trained = listClasses(root, train);
  const classes = trained.classes;
  const known = (found: ClassFolders, folder: string) => {
    const extra = found.classes.filter((name) => !classes.includes(name));
    if (extra.length === 0) return relabel(found, classes);
    throw new ResiduaError(`${join(root, folder)} has classes that ${train} has not: ${extra.join(', ')}`, {
      hint: 'Every class needs training images: add them, or take the folders away.',
    });
  };
  const optional = (folder: string | undefined) => {
    return folder === undefined ? { images: [], ignored: 0 } : known(listClasses(root, folder), folder);
  };
  const others = { validation: optional(validation), test: optional(test) };
  const notes = ignoredNote(trained.ignored + others.validation.ignored + others.test.ignored);
  const splits = { train: trained.images, validation: others.validation.images, test: others.test.images };
  if (test !== undefined) return { root, classes, multiLabel: false, splits, notes };
  if (validation !== undefined) {
    const note = `No folder 'test': '${validation}' is the test set, and chooses nothing.`;
    return {
      root,
      classes,
      multiLabel: false,
      splits: { ...splits, validation: [], test: splits.validation },
      notes: [note, ...notes],
    };
  }
  return {
    root,
    classes,
    multiLabel: false,
    splits: { ...splits, ...splitOffTest(trained.images) },
    notes: [splitNote, ...notes],
  };
}

const splitNote = `No folder 'test': ${100 * TEST_SHARE} % of the images of each class are the test set, at random but always the same.`;

function withoutSplit(root: string, folders: readonly string[]): Listing {
  const { classes, images, ignored } = listClasses(root, '', folders);
  const splits = { validation: [], ...splitOffTest(images) };
  return { root, classes, multiLabel: false, splits, notes: [splitNote, ...ignoredNote(ignored)] };
}

interface ClassFolders {
  readonly classes: readonly string[];
  readonly images: readonly ListedImage[];
  /** Files that are no pictures, and hidden ones. */
  readonly ignored: number;
}

function listClasses(
  root: string,
  split: string,
  classes: readonly string[] = foldersIn(join(root, split)),
): ClassFolders {
  const where = join(root, split);
  if (classes.length < 2) {
    const found = classes.length === 0 ? 'none' : `one, '${classes[0]}'`;
    throw new ResiduaError(`${where}: expected at least two folders, one a class, found ${found}`, {
      hint: 'Put the pictures of each class into a folder with the name of the class.',
    });
  }
  const images: ListedImage[] = [];
  let ignored = readdirSync(where).length - classes.length;
  for (const [label, name] of classes.entries()) {
    const before = images.length;
    const folder = split === '' ? name : `${split}/${name}`;
    ignored += collect(root, folder, (file) => images.push({ file, labels: [label] }));
    if (images.length > before) continue;
    throw new ResiduaError(`${join(root, folder)} has no pictures (PNG, JPEG or WebP)`, {
      hint: 'Every folder is a class: put pictures into it, or take it away.',
    });
  }
  return { classes, images, ignored };
}

/**
 * Walks a folder and those in it. A link to a picture is a picture; a link to a folder is not followed, for it may lead back
 * up, or to another class.
 *
 * @returns the number of files that are no pictures
 */
function collect(root: string, folder: string, add: (file: string) => void): number {
  let ignored = 0;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true }).sort(byName)) {
    const path = `${folder}/${entry.name}`;
    const hidden = entry.name.startsWith('.');
    if (entry.isDirectory() && !hidden) ignored += collect(root, path, add);
    else if (!hidden && pictureName.test(entry.name) && isFile(join(root, path))) add(path);
    else ignored++;
  }
  return ignored;
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : Number(a.name > b.name));
const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

function relabel({ classes: own, images, ignored }: ClassFolders, classes: readonly string[]) {
  const places = own.map((name) => classes.indexOf(name));
  return {
    images: images.map(({ file, labels }) => ({ file, labels: labels.map((label) => places[label]) })),
    ignored,
  };
}

function foldersIn(path: string): string[] {
  return readdirSync(path)
    .filter((name) => !name.startsWith('.') && isFolder(join(path, name)))
    .sort();
}

function ignoredNote(ignored: number): string[] {
  if (ignored === 0) return [];
  return [`${ignored} ${ignored === 1 ? 'file is' : 'files are'} ignored: hidden, or neither PNG, JPEG nor WebP.`];
}
