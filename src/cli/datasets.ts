// residua datasets [NAME|DIR]: which data sets are known; of one where its files come from, where they lie here, and whether
// they are the right ones; of a folder what it is taken for, and what is in it.

import type { Command } from 'commander';
import { splits } from '../data/catalog/description.ts';
import { catalog, type DatasetDescription, describeDataset } from '../data/index.ts';
import { FolderSource, findSource } from '../data/node.ts';
import { checkSplit, downloadFolder, filesOf, findDataset } from './data-state.ts';
import { describeFolder, folderDetails } from './describe-folder.ts';
import { bytes, count } from './format.ts';
import { LiveLine } from './live-line.ts';
import { Output } from './output.ts';
import { indent, table } from './table.ts';
import type { Screen } from './terminal.ts';
import { datasetName } from './train-options.ts';
import { columnsOf } from './wrap.ts';

export function addDatasets(program: Command): void {
  const names = catalog.map(({ name }) => name);
  program
    .command('datasets')
    .summary('list the data sets, or describe one')
    .description(
      'List the data sets; with a name or a folder: what is in it, source and checksums, and whether all files are right.',
    )
    .argument('[name|dir]', `one of ${names.join(', ')}, or a folder`, datasetName)
    .action(async (name: string | undefined, _flags: object, command: Command) => {
      const output = new Output(command);
      if (name === undefined) {
        const entries = catalog.map(outline);
        output.answer({ datasets: entries }, list(entries));
        return;
      }
      const source = findSource(name);
      if (source instanceof FolderSource) {
        const line = new LiveLine(process.stderr);
        const description = await describeFolder(source, line);
        line.clear();
        output.answer(description, folderDetails(description));
      } else {
        const directory = source.name === source.catalogName ? undefined : source.name;
        const description = await describe(describeDataset(source.catalogName!), directory);
        output.answer(description, details(description));
      }
    });
}

function outline(description: DatasetDescription) {
  const { name, title, classes, imageShape } = description;
  const { train, test, downloadBytes } = findDataset(description);
  return {
    name,
    title,
    imageShape,
    classes: classes.length,
    trainImages: description.splits.train.length,
    testImages: description.splits.test.length,
    found: train.found !== null && test.found !== null,
    directory: train.found?.directory ?? null,
    downloadBytes,
  };
}

/** @param directory a folder that the user has named; the usual places otherwise */
async function describe(description: DatasetDescription, directory: string | undefined) {
  const { name, title, source, classes, imageShape, mean, std, mirrors, archive } = description;
  const state = findDataset(description, directory);
  const checked = splits.map(async (split) => {
    const { found } = state[split];
    const { problem, images, perClass } = found
      ? await checkSplit(description, split, found)
      : { problem: null, images: null, perClass: null };
    return { split, images: images ?? description.splits[split].length, found, problem, perClass };
  });
  return {
    name,
    title,
    source,
    imageShape,
    classes,
    mean,
    std,
    files: filesOf(description).map(({ split, file }) => ({
      split,
      name: file.name,
      bytes: file.size,
      md5: file.md5 ?? null,
      downloadBytes: file.gz?.size ?? null,
      downloadMd5: file.gz?.md5 ?? null,
    })),
    archive: archive ?? null,
    downloadBytes: state.downloadBytes,
    splits: await Promise.all(checked),
    mirrors,
    cacheDirectory: downloadFolder(description),
    directory: directory ?? null,
  };
}

const list = (entries: readonly ReturnType<typeof outline>[]) => (screen: Screen) => {
  const head = ['data set', 'training', 'test', 'classes', 'here'].map((title) => screen.paint('dim', title));
  const rows = entries.map(({ name, trainImages, testImages, classes, directory, found, downloadBytes }) => [
    screen.paint('bold', name),
    count(trainImages),
    count(testImages),
    count(classes),
    found ? screen.paint('green', directory ?? '') : `not yet: ${bytes(downloadBytes)} to download`,
  ]);
  return [
    table([head, ...rows], ['left', 'right', 'right', 'right'], columnsOf(screen)),
    '',
    screen.paint('dim', 'A folder of your own, of pictures or of such files: residua train --dataset DIR'),
  ].join('\n');
};

const details = (entry: Awaited<ReturnType<typeof describe>>) => (screen: Screen) => {
  const head = ['file', 'bytes', 'md5', 'to download'].map((title) => screen.paint('dim', title));
  const { archive } = entry;
  const files = entry.files.map(({ name, bytes: size, md5, downloadBytes, downloadMd5 }) => [
    name,
    count(size),
    md5 ?? (downloadMd5 === null ? '' : `${downloadMd5} (.gz)`),
    downloadBytes === null ? '' : bytes(downloadBytes),
  ]);
  if (archive) files.push([archive.name, count(archive.size), archive.md5, bytes(archive.size)]);
  const here = entry.splits.map(({ split, images, found, problem }) => [
    split,
    `${count(images)} images`,
    found === null
      ? entry.directory === null
        ? `not here; ${bytes(entry.downloadBytes)} are downloaded at first use to ${entry.cacheDirectory}`
        : screen.paint('red', `not all of its files are in ${entry.directory}`)
      : problem === null
        ? screen.paint('green', `found and right: ${found.directory}`)
        : screen.paint('red', `wrong: ${problem}`),
  ]);
  const { name, title, source, imageShape, classes, mean, std, mirrors } = entry;
  const columns = columnsOf(screen);
  return [
    screen.paint('bold', name),
    title,
    '',
    table(
      [
        ['source', source],
        ['images', `[${imageShape.join(', ')}], mean ${mean.join(', ')}, standard deviation ${std.join(', ')}`],
        [
          'classes',
          classes.length > 20 ? `${classes.slice(0, 20).join(', ')}, ... (${classes.length})` : classes.join(', '),
        ],
        ...mirrors.map((mirror, i) => [i === 0 ? 'mirrors' : '', mirror]),
      ],
      [],
      columns,
    ),
    '',
    table([head, ...files], ['left', 'right', 'left', 'right'], columns),
    '',
    'On this machine',
    indent(table(here, ['left', 'right'], columns - 2)),
  ].join('\n');
};
