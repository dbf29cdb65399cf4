// Wrong usage: exit code 2 and one line on stderr that says what was expected; nothing on stdout.

import { describe, expect, it } from 'vitest';
import { linesOf, residua } from './run-cli.ts';

const mistakes: [command: string, ...said: string[]][] = [
  ['trian', 'Did you mean train?'],
  ['--json', 'expected a command', 'residua --help'],
  ['help trian', "unknown command 'trian'", 'Did you mean train?'],
  ['train --epoch 3', "'--epoch'", 'Did you mean --epochs?'],
  ['models --jsno', 'Did you mean --json?'],
  ['train --epochs', '--epochs', 'missing', 'residua train --help'],
  ['train --epochs 0', "'0'", 'whole number', 'from 1'],
  ['train --epochs 1.5', "'1.5'", 'whole number'],
  ['train --epochs three', "'three'", 'whole number'],
  ['train --epochs 0x3', "'0x3'", 'whole number'],
  ['train --batch-size -4', "'-4'", 'from 1'],
  ['train --seed 1e99', "'1e99'", 'whole number'],
  ['train --threads 0', "'0'", 'from 1'],
  ['train --threads 100000', "'100000'", 'to 256'],
  ['train --limit 0', "'0'", 'of at least 1'],
  ['train --lr fast', "'fast'", 'a number of at least 0'],
  ['train --lr -1', "'-1'", 'of at least 0'],
  ['train --lr Infinity', "'Infinity'", 'a number'],
  ['train --lr NaN', "'NaN'", 'a number'],
  ['train --optimizer sgd --momentum 1', "'1'", 'below 1'],
  ['train --momentum 0.9', 'setting of sgd', 'adamw', '--optimizer sgd'],
  ['train --label-smoothing 2', "'2'", 'at most 1'],
  ['train --device cpuu', 'auto, cpu, gpu or reference', 'Did you mean cpu?'],
  ['train --device gpu', 'no GPU device'],
  ['train --recipe digit', 'digits, article', 'Did you mean digits?'],
  ['train --dataset mnits', 'or a folder that exists', 'Did you mean mnist?'],
  ['train --model article-resnt', 'Did you mean article-resnet?'],
  ['train --optimizer adamm', 'sgd, adam or adamw', 'Did you mean adam?'],
  ['train --schedule cosin', 'Did you mean cosine?'],
  ['train --ema 1', "'1'", 'below 1'],
  ['train --no-ema-warm-up', 'average that this run does not take', '--ema 0.999'],
  ['train --clip-grad-norm 0', "'0'", 'above 0'],
  ['train --accumulate 0', "'0'", 'from 1'],
  ['train --patience 3', 'held out', '--validation'],
  ['compare --depths 8,10', 'no such network of 10 layers', '6n + 2'],
  ['compare --depths eight', "'eight'", 'whole number'],
  ['compare --activations relu,sigmod', 'Did you mean sigmoid?'],
  ['compare --batch-norm sometimes', 'both, with or without'],
  ['train --checkpoint-seconds never', "'never'", 'a number of at least 0'],
  ['train --seeds 1', "'1'", 'from 2'],
  ['train --limit 8 --freeze layer7', "no stage 'layer7'", 'stem, layer1, layer2, layer3, fc'],
  ['train --resume runs/x --epochs 3', '--epochs cannot be changed'],
  ['train mnist', 'too many arguments', 'residua train --help'],
  ['train --epochs 3 --warm-up 3', 'warm-up of 3 epochs leaves nothing of 3 epochs'],
  ['evaluate', "'run'", 'residua evaluate --help'],
  ['evaluate x --limit all', "'all'", 'whole number'],
  ['models article-resnot', 'Did you mean article-resnet?', 'residua models lists them'],
  ['datasets minst', "argument 'minst' is invalid", 'Did you mean mnist?'],
  ['doctor --verbose', "'--verbose'", 'residua doctor --help'],
];

describe('wrong usage', () => {
  it.each(mistakes)('residua %s', async (command, ...said) => {
    const { code, stdout, stderr } = await residua(command.split(' '));
    expect(stdout).toBe('');
    expect(linesOf(stderr)).toHaveLength(1);
    for (const part of said) expect(stderr).toContain(part);
    expect(code).toBe(2);
  });

  it('shows a stack trace under --debug only', async () => {
    const mistake = ['evaluate', '/nothing/here'];
    const plain = await residua(mistake);
    expect(linesOf(plain.stderr)).toHaveLength(1);
    const { code, stderr } = await residua([...mistake, '--debug']);
    expect(code).toBe(1);
    expect(stderr).toContain(plain.stderr);
    expect(stderr).toMatch(/^ +at .*\.js:\d+/m);
  });
});

describe('help', () => {
  it.each([
    [[], 'train a network'],
    [['--help'], 'train a network'],
    [['help', 'train'], '--epochs <n>'],
    [['train', '--help'], '--json'],
    [['evaluate', '-h'], '<run>'],
  ])('residua %j', async (args, said) => {
    const { code, stdout, stderr } = await residua(args);
    expect(stdout).toContain('Usage: residua');
    expect(stdout).toContain(said);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});
