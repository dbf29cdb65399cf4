// residua datasets [NAME]: which data sets are known, and of one where its files come from, where they lie here, and
// whether they are the right ones.

import type { Command } from 'commander';
import { splits } from '../data/catalog/description.ts';
import { catalog, type DatasetDescription, describeDataset } from '../data/index.ts';
import { checkSplit, downloadFolder, filesOf, findDataset } from './data-state.ts';
import { bytes, count } from './format.ts';
import { Output } from './output.ts';
import { indent, table } from './table.ts';
import type { Screen } from './terminal.ts';
import { oneOf } from './values.ts';

export function addDatasets(program: Command): void {
  const names = catalog.map(({ name }) => name);
  program
    .command('datasets')
    .summary('list the data sets, or describe one')
    .description(
      'List the data sets; with a name: source, size, checksums, and whether the files found here are right.',
    )
    .argument('[name]', `one of ${names.join(', ')}`, oneOf(names))
    .action(async (name: string | undefined, _flags: object, command: Command) => {
      const output = new Output(command);
      if (name === undefined) {
        const entries = catalog.map(outline);
        output.answer({ datasets: entries }, list(entries));
      } else {
        const description = await describe(describeDataset(name));
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

async function describe(description: DatasetDescription) {
  const { name, title, source, classes, imageShape, mean, std, mirrors, archive } = description;
  const state = findDataset(description);
  const checked = splits.map(async (split) => {
    const { found } = state[split];
    const problem = found && (await checkSplit(description, split, found));
    return { split, images: description.splits[split].length, found, problem };
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
  };
}

const list = (entries: readonly ReturnType<typeof outline>[]) => (screen: Screen) => {
  const head = ['data set', 'training', 'test', 'classes', 'here'].map((title) => screen.paint('dim', title));
  const rows = entries.map(({ name, trainImages, testImages, classes, directory, found, downloadBytes }) => [
    screen.paint('bold', name),
    count(trainImages),
    count(testImages),
    count(classes),
    found ? screen.paint('green', directory ?? '') : `not yet: ${bytes(downloadBytes)} to download at first use`,
  ]);
  return [
    table([head, ...rows], ['left', 'right', 'right', 'right']),
    '',
    screen.paint('dim', "MNIST's four files in a folder of your own: residua train --dataset DIR"),
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
      ? `not here; ${bytes(entry.downloadBytes)} are downloaded at first use to ${entry.cacheDirectory}`
      : problem === null
        ? screen.paint('green', `found and right: ${found.directory}`)
        : screen.paint('red', `wrong: ${problem}`),
  ]);
  const { name, title, source, imageShape, classes, mean, std, mirrors } = entry;
  return [
    screen.paint('bold', name),
    title,
    '',
    table([
      ['source', source],
      ['images', `[${imageShape.join(', ')}], mean ${mean.join(', ')}, standard deviation ${std.join(', ')}`],
      ['classes', classes.join(', ')],
      ...mirrors.map((mirror, i) => [i === 0 ? 'mirrors' : '', mirror]),
    ]),
    '',
    table([head, ...files], ['left', 'right', 'left', 'right']),
    '',
    'On this machine',
    indent(table(here, ['left', 'right'])),
  ].join('\n');
};
