// What `residua datasets DIR` says of a folder of pictures: images of each class, sizes, means, and every file that cannot be
// decoded. All files are decoded for that, as training would.

import { splitNames } from '../data/index.ts';
import { FilesDataset, type FolderSource } from '../data/node.ts';
import { ResiduaError } from '../errors.ts';
import { createBreathing } from '../train/breathe.ts';
import { count, counted } from './format.ts';
import type { LiveLine } from './live-line.ts';
import { progressBar } from './progress-bar.ts';
import { indent, table } from './table.ts';
import type { Screen } from './terminal.ts';

/** More than that many problems or classes nobody reads; --json has all. */
const MOST_LINES = 20;

export type FolderDescription = Awaited<ReturnType<typeof describeFolder>>;

export async function describeFolder(source: FolderSource, line: LiveLine) {
  const { name, classes, multiLabel, imageShape, images, notes, smallest, largest } = source;
  const problems = await damagedFiles(source, line);
  return {
    name,
    classes,
    task: multiLabel ? 'multi-label' : 'single-label',
    imageShape,
    /** [height, width] */
    smallest,
    largest,
    splits: splitNames
      .filter((split) => images[split] > 0)
      .map((split) => ({
        split,
        images: images[split],
        perClass: classes.map((_, label) => source.countOf(split, label)),
      })),
    // What cannot be decoded cannot be measured.
    statistics: problems.length === 0 ? source.statistics() : null,
    notes,
    problems,
  };
}

/** What is wrong with each file that cannot be decoded. */
async function damagedFiles(source: FolderSource, line: LiveLine): Promise<string[]> {
  const total = splitNames.reduce((sum, split) => sum + source.images[split], 0);
  const problems: string[] = [];
  const breathe = createBreathing();
  let done = 0;
  for (const split of splitNames) {
    if (source.images[split] === 0) continue;
    const dataset = await source.open(split);
    if (!(dataset instanceof FilesDataset)) continue;
    for (let i = 0; i < dataset.length; i++) {
      try {
        dataset.get(i);
      } catch (error) {
        if (!(error instanceof ResiduaError)) throw error;
        problems.push(error.message);
      }
      done++;
      const fields = [`${count(done)} of ${counted(total, 'image')}`];
      line.update((width) => progressBar({ fraction: done / total, label: 'Decoding', fields }, width, line.screen));
      await breathe();
    }
  }
  return problems;
}

export const folderDetails = (description: FolderDescription) => (screen: Screen) => {
  const { name, classes, task, imageShape, smallest, largest, splits, statistics, notes, problems } = description;
  const size = (extent: readonly [number, number]) => `${extent[0]}x${extent[1]}`;
  const sizes = imageShape[1] === null ? `of sizes from ${size(smallest)} to ${size(largest)}` : `of ${size(largest)}`;
  const channels = imageShape[0] === 1 ? 'grey' : 'colour';
  const head = ['class', ...splits.map(({ split }) => split)].map((title) => screen.paint('dim', title));
  const rows = classes
    .slice(0, MOST_LINES)
    .map((label, c) => [label, ...splits.map(({ perClass }) => count(perClass[c]))]);
  const more = classes.length - rows.length;
  const all = ['all images', ...splits.map(({ images }) => count(images))];
  const measured = statistics && [
    ['mean', statistics.mean.join(', ')],
    ['standard deviation', statistics.std.join(', ')],
    ['measured on', counted(statistics.images ?? 0, 'training image')],
  ];
  const health =
    problems.length === 0
      ? [screen.paint('green', 'All files can be decoded.')]
      : [
          screen.paint('red', `${counted(problems.length, 'file')} cannot be decoded`),
          ...problems.slice(0, MOST_LINES).map((problem) => indent(problem)),
          ...(problems.length > MOST_LINES ? [indent('...')] : []),
        ];
  return [
    screen.paint('bold', name),
    `${counted(classes.length, 'class', 'classes')}, ${task === 'multi-label' ? 'any number' : 'one'} an image; ${channels} images ${sizes}`,
    ...notes,
    '',
    table(
      [head, ...rows, ...(more > 0 ? [[`... ${more} more`]] : []), all],
      ['left', ...splits.map(() => 'right' as const)],
    ),
    '',
    ...(measured ? [table(measured), ''] : []),
    ...health,
  ].join('\n');
};
