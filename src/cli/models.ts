// residua models [NAME]: which networks there are, and what one is made of, layer by layer.

import type { Command } from 'commander';
import { createModel, findModel, listModels, type ModelEntry, type ModelSummary, summarise } from '../models/index.ts';
import { count, magnitude } from './format.ts';
import { Output } from './output.ts';
import { indent, table } from './table.ts';
import type { Screen } from './terminal.ts';
import { integer, oneOf } from './values.ts';

interface Flags {
  readonly classes?: number;
  readonly channels?: number;
  readonly size?: number;
}

export function addModels(program: Command): void {
  const names = listModels().map(({ name }) => name);
  program
    .command('models')
    .summary('list the models, or describe one')
    .description('List the models; with a name: its layers, parameters and multiply-adds.')
    .argument('[name]', `one of ${names.join(', ')}`, oneOf(names))
    .option('--classes <n>', "what the model tells apart (default: the model's own)", integer(1, 100_000))
    .option('--channels <n>', "of the images: 1 is grey, 3 is colour (default: the model's own)", integer(1, 1024))
    .option('--size <n>', "height and width of the images (default: the model's own)", integer(1, 4096))
    .action((name: string | undefined, flags: Flags, command: Command) => {
      const output = new Output(command);
      const described = (name === undefined ? listModels() : [findModel(name)]).map((entry) => describe(entry, flags));
      if (name === undefined) output.answer({ models: described.map(({ layers, ...rest }) => rest) }, list(described));
      else output.answer(described[0], layerTable(described[0]));
    });
}

type Description = ReturnType<typeof describe>;

function describe(entry: ModelEntry, flags: Flags) {
  const { name, description } = entry;
  const { classes = entry.classes, channels = entry.inChannels, size = entry.imageSize } = flags;
  const model = createModel(name, { classes, inChannels: channels, imageSize: size, seed: 0 });
  const inputShape = [1, channels, size, size];
  const { layers, parameters, multiplyAdds }: ModelSummary = summarise(model, inputShape);
  return { name, description, inputShape, classes, parameters, multiplyAdds, layers };
}

const list = (models: readonly Description[]) => (screen: Screen) => {
  const entries = models.flatMap(({ name, parameters, multiplyAdds, description }) => [
    `${screen.paint('bold', name)}  ${count(parameters)} parameters, ${magnitude(multiplyAdds)} multiply-adds an image`,
    indent(description),
  ]);
  return [...entries, '', screen.paint('dim', `Layer by layer: residua models ${models[0].name}`)].join('\n');
};

const layerTable = (model: Description) => (screen: Screen) => {
  const shape = (extents: readonly number[]) => extents.slice(1).join(' x ');
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
    `For one image of ${shape(model.inputShape)} and ${model.classes} classes:`,
    '',
    table(
      [head, ...rows, total.map((cell) => screen.paint('bold', cell))],
      ['left', 'left', 'right', 'right', 'right'],
    ),
  ].join('\n');
};
