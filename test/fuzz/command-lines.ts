// Command lines that are nearly right: good ones of every command, with words taken away, doubled, exchanged, misspelt, and
// options of any command added, with values that fit and that don't.

import type { Command } from 'commander';
import fc from 'fast-check';
import { createProgram } from '../../src/cli/program.ts';

/** From the folder that commands are run in to what they may use: made anew for each. */
const data = '../corpus';
const run = `${data}/run`;
const small = ['--epochs', '1', '--limit', '8', '--batch-size', '4', '--threads', '1'];

const good: readonly (readonly string[])[] = [
  ['train', '--dataset', `${data}/pictures`, ...small, '--model', 'article-resnet', '--out', 'out', '--json'],
  ['train', '--dataset', `${data}/table`, ...small, '--optimizer', 'sgd', '--schedule', 'cosine', '--seed', '5'],
  ['train', '--dataset', `${data}/pictures`, ...small, '--weights', `${data}/weights.pth`, '--freeze', 'stem,layer1'],
  ['train', '--dataset', `${data}/pictures`, ...small, '--ema', '0.9', '--patience', '1', '--validation', '4'],
  ['train', '--dataset', `${data}/pictures`, ...small, '--mixup', '0.2', '--augment', 'rand', '--image-size', '16'],
  ['train', '--resume', run, '--threads', '1'],
  ['evaluate', run, '--json', '--limit', '5', '--threads', '1'],
  ['evaluate', `${data}/weights.safetensors`, '--dataset', `${data}/pictures`, '--model', 'resnet20'],
  ['predict', run, `${data}/pictures/train/cat/0.png`, `${data}/pictures/train/dog/1.jpeg`, '--top', '2', '--json'],
  ['predict', `${data}/weights.pth`, `${data}/table/2.webp`, '--no-centre', '--model', 'resnet20'],
  ['export', run, '--to', 'onnx', '--out', 'model.onnx', '--json'],
  ['export', `${data}/weights.safetensors`, '--to', 'pth', '--model', 'resnet20', '--size', '16', '--force'],
  ['models'],
  ['models', 'resnet20', '--json'],
  ['datasets'],
  ['datasets', `${data}/table`, '--json'],
  ['doctor', '--json'],
  ['help', 'train'],
  ['--version'],
];

const weird = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '-',
    '--',
    '---',
    '=',
    '-1',
    '0',
    '1',
    '2',
    '7',
    '1e9',
    '1e400',
    'NaN',
    'Infinity',
    '0x10',
    '1.5',
    '007',
  ),
  fc.constantFrom('null', 'true', '__proto__', 'constructor', 'auto', 'cpu', 'gpu', 'reference', 'mnist', '.', '..'),
  fc.constantFrom(
    run,
    data,
    `${data}/run/config.json`,
    `${data}/weights.pth`,
    `${data}/weights.safetensors`,
    'missing/folder',
  ),
  fc.constantFrom(
    'é'.repeat(50),
    '数字',
    '\u001b[31mred',
    'a\nb',
    '%s%n',
    '"',
    "'",
    '$(x)',
    'x'.repeat(5000),
    '🙂',
    '--json',
    '--debug',
  ),
  fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => text.replaceAll('/', '').replaceAll('\0', '')),
  fc.integer().map(String),
);

/** --name of every option of every command, and the values that it lists. */
function optionsOf(program: Command): readonly string[] {
  const all = [program, ...program.commands].flatMap(({ options }) => options);
  return [...new Set(all.flatMap(({ long, short }) => [long, short]).filter((name) => name !== undefined))] as string[];
}

const program = createProgram();
const option = fc.constantFrom(...optionsOf(program));
const command = fc.constantFrom(...program.commands.map((one) => one.name()));

type Edit = (words: readonly string[]) => readonly string[];
const at = (words: readonly string[], place: number) => (words.length === 0 ? 0 : place % words.length);
const insert = (words: readonly string[], place: number, more: readonly string[]) => {
  const where = place % (words.length + 1);
  return [...words.slice(0, where), ...more, ...words.slice(where)];
};

const edits: readonly fc.Arbitrary<Edit>[] = [
  fc.nat().map((place) => (words) => words.filter((_, i) => i !== at(words, place))),
  fc.nat().map((place) => (words) => insert(words, place, words.slice(at(words, place), at(words, place) + 2))),
  fc.tuple(fc.nat(), weird).map(
    ([place, word]) =>
      (words) =>
        words.map((old, i) => (i === at(words, place) ? word : old)),
  ),
  fc.tuple(fc.nat(), option, weird).map(
    ([place, name, word]) =>
      (words) =>
        insert(words, place, [name, word]),
  ),
  fc.tuple(fc.nat(), option, weird).map(
    ([place, name, word]) =>
      (words) =>
        insert(words, place, [`${name}=${word}`]),
  ),
  fc.tuple(fc.nat(), option).map(
    ([place, name]) =>
      (words) =>
        insert(words, place, [name]),
  ),
  fc.tuple(fc.nat(), command).map(
    ([place, name]) =>
      (words) =>
        insert(words, place, [name]),
  ),
  fc.tuple(fc.nat(), fc.nat(), fc.constantFrom('', '-', 'a', '0', ',', '.', '=')).map(
    ([place, letter, more]) =>
      (words) =>
        words.map((word, i) => {
          // A path that is misspelt may be anywhere; what is written must stay in the test's folder.
          if (i !== at(words, place) || word.includes('/')) return word;
          const where = word.length === 0 ? 0 : letter % word.length;
          return word.slice(0, where) + more + word.slice(where + 1);
        }),
  ),
];

/** The words after the program's name. */
export const commandLines: fc.Arbitrary<readonly string[]> = fc
  .tuple(fc.constantFrom(...good), fc.array(fc.oneof(...edits), { maxLength: 4 }))
  .map(([words, list]) => list.reduce<readonly string[]>((result, edit) => edit(result), words));
