// residua models [NAME]: which networks there are, and what one is made of, layer by layer.

import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import {
  createModel,
  findModel,
  listModels,
  type ModelEntry,
  type ModelFamily,
  type ShortcutOption,
  shortcutOptions,
  summarise,
} from '../models/index.ts';
import { count, magnitude } from './format.ts';
import { modelName } from './model-name.ts';
import { Output } from './output.ts';
import { indent, table, tableRows } from './table.ts';
import type { Screen } from './terminal.ts';
import { integer, oneOf } from './values.ts';
import { columnsOf } from './wrap.ts';

interface Flags {
  readonly classes?: number;
  readonly channels?: number;
  readonly size?: number;
  readonly shortcut?: ShortcutOption;
}

export function addModels(program: Command): void {
  program
    .command('models')
    .summary('list the models, or describe one')
    .description('List the models; with a name: its layers, parameters and multiply-adds.')
    .argument('[name]', 'of a model', modelName)
    .option('--classes <n>', "what the model tells apart (default: the model's own)", integer(1, 100_000))
    .option('--channels <n>', "of the images: 1 is grey, 3 is colour (default: the model's own)", integer(1, 1024))
    .option('--size <n>', "height and width of the images (default: the model's own)", integer(1, 4096))
    .option('--shortcut <form>', `of a named model's blocks: ${shortcutOptions.join(', ')}`, oneOf(shortcutOptions))
    .action((name: string | undefined, flags: Flags, command: Command) => {
      const output = new Output(command);
      if (name !== undefined) {
        const described = describe(findModel(name), flags);
        output.answer(described, layerTable(described));
        return;
      }
      if (flags.shortcut !== undefined) {
        throw new UsageError('--shortcut is for one model', {
          hint: 'Add its name: residua models resnet20 --shortcut B',
        });
      }
      const described = listModels().map((entry) => describe(entry, flags));
      output.answer({ models: described.map(({ layers, ...rest }) => rest) }, list(described));
    });
}

type Description = ReturnType<typeof describe>;

function describe(entry: ModelEntry, { shortcut, ...flags }: Flags) {
  const { name, description, family, residual, twin, shortcuts } = entry;
  const { classes = entry.classes, channels = entry.inChannels, size = entry.imageSize } = flags;
  const model = createModel(name, { classes, inChannels: channels, imageSize: size, seed: 0, shortcut });
  const inputShape = [1, channels, size, size];
  const { layers, parameters, multiplyAdds } = summarise(model, inputShape);
  return {
    name,
    description,
    family,
    residual,
    twin,
    shortcuts,
    inputShape,
    classes,
    parameters,
    multiplyAdds,
    layers,
  };
}

const shape = (extents: readonly number[]) => extents.slice(1).join(' x ');

const familyTitles: Readonly<Record<ModelFamily, string>> = {
  article: "The article's",
  cifar: 'For small images, He et al. 2015',
  'pre-activation': 'With pre-activation, He et al. 2016',
  torchvision: "torchvision's",
};

const list = (models: readonly Description[]) => (screen: Screen) => {
  const rowsOf = (chosen: readonly Description[]) =>
    chosen.map(({ name, parameters, multiplyAdds, residual, twin, description }) => [
      name,
      count(parameters),
      magnitude(multiplyAdds),
      residual ? description : `of ${twin}`,
    ]);
  const groups = Object.entries(familyTitles).map(([family, title]) => {
    const members = models.filter((model) => model.family === family && model.residual);
    const [{ inputShape, classes }] = members;
    return { title: `${title}: images of ${shape(inputShape)}, ${count(classes)} classes`, rows: rowsOf(members) };
  });
  groups.push({
    title: 'Plain twins: the same layers without shortcuts',
    rows: rowsOf(models.filter((m) => !m.residual)),
  });

  const head = ['', 'parameters', 'multiply-adds', ''].map((text) => screen.paint('dim', text));
  const rows = groups.flatMap((group) => group.rows);
  const [titles, ...lines] = tableRows([head, ...rows], ['left', 'right', 'right', 'left'], columnsOf(screen) - 2);
  let next = 0;
  const blocks = groups.map((group) => {
    const own = lines.slice(next, next + group.rows.length);
    next += own.length;
    return [screen.paint('bold', group.title), indent(own.join('\n')), ''].join('\n');
  });
  return [indent(titles), ...blocks, screen.paint('dim', 'Layer by layer: residua models resnet18')].join('\n');
};

const layerTable = (model: Description) => (screen: Screen) => {
  const or = (value: number) => (value === 0 ? '' : count(value));
  const head = ['layer', 'kind', 'output', 'parameters', 'multiply-adds'].map((title) => screen.paint('dim', title));
  const rows = model.layers.map(({ name, kind, outputShape, parameters, multiplyAdds }) => [
    name,
    kind,
    shape(outputShape),
    or(parameters),
    or(multiplyAdds),
  ]);
  const total = ['in all', '', '', count(model.parameters), count(model.multiplyAdds)];
  return [
    screen.paint('bold', model.name),
    model.description,
    model.residual
      ? `Shortcuts: ${model.shortcuts.map((form, i) => (i === 0 ? `${form} (default)` : form)).join(', ')}. Plain twin: ${model.twin}`
      : `Residual twin: ${model.twin}`,
    `For one image of ${shape(model.inputShape)} and ${count(model.classes)} classes:`,
    '',
    table(
      [head, ...rows, total.map((cell) => screen.paint('bold', cell))],
      ['left', 'left', 'right', 'right', 'right'],
      columnsOf(screen),
    ),
  ].join('\n');
};
