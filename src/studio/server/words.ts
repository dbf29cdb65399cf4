// From settings to the words of a command line and back: settings become the very words that would be typed, and these are
// checked by the command's own rules, which are the only ones. Every value is part of its option's word ('--dataset=DIR'), so
// that none can be taken for an option; no shell ever sees them.

import { type Command, CommanderError, type Option } from 'commander';
import { createProgram } from '../../cli/program.ts';
import { nearest } from '../../cli/suggest.ts';
import { settledConfig, type TrainFlags } from '../../cli/train-options.ts';
import { ResiduaError } from '../../errors.ts';
import type { RunConfig } from '../../train/run/node.ts';
import { RequestError } from './request-error.ts';

/** What the studio itself decides. */
const OWN = ['out', 'resume', 'seeds'];

export interface Training {
  /** After the program's name; without where the run goes. */
  readonly words: readonly string[];
  readonly config: RunConfig;
}

/** What JSON gave, under the names of options in camelCase. */
export type Settings = Readonly<Record<string, unknown>>;

/** @throws RequestError that names what is unknown, out of range or contradictory */
export async function trainingOf(settings: Settings): Promise<Training> {
  const { words, flags } = check<TrainFlags>('train', settings);
  return { words, config: await settledConfig(flags).catch(refuse) };
}

/** @throws RequestError */
export function comparisonWords(settings: Settings): readonly string[] {
  return check('compare', settings).words;
}

function check<Flags extends object>(name: string, settings: Settings): { words: string[]; flags: Flags } {
  const program = createProgram();
  const command = program.commands.find((candidate) => candidate.name() === name)!;
  const words = [name, ...Object.entries(settings).flatMap(([key, value]) => wordsFor(command, key, value))];
  command.action(() => {}); // it is only read
  try {
    program.parse(words, { from: 'user' });
  } catch (error) {
    refuse(error);
  }
  return { words, flags: command.opts<Flags>() };
}

/** Nothing has been done yet: a folder that is not there, or weights of another kind, are what is wrong with the request. */
function refuse(error: unknown): never {
  if (error instanceof CommanderError) {
    throw new RequestError('bad-request', error.message.replace(/^error: /, ''), { cause: error });
  }
  if (error instanceof RequestError) throw error;
  const hint = error instanceof ResiduaError ? error.hint : undefined;
  if (error instanceof ResiduaError || (error instanceof Error && 'syscall' in error)) {
    throw new RequestError('bad-request', error.message, { hint, cause: error });
  }
  throw error;
}

function wordsFor(command: Command, name: string, value: unknown): string[] {
  const options = command.options.filter((option) => option.attributeName() === name);
  if (options.length === 0 || OWN.includes(name)) throw unknown(name, command);
  return wordOf(name, value, options);
}

/** @param options of that name: that which takes or sets it, that which denies it, or both */
function wordOf(name: string, value: unknown, options: readonly Option[]): string[] {
  const positive = options.find(({ negate }) => !negate);
  const negative = options.find(({ negate }) => negate);
  if (value === false && negative) return [negative.long!];
  if (typeof value === 'boolean') {
    // What is so anyway has no word.
    if (!positive || !(positive.required || positive.optional)) return value && positive ? [positive.long!] : [];
  } else if (positive?.required) {
    const values = Array.isArray(value) ? value : [value];
    const text = values.map(String).join(',');
    const isSimple = values.every(
      (one) => typeof one === 'string' || (typeof one === 'number' && Number.isFinite(one)),
    );
    if (isSimple && values.length > 0 && !text.includes('\0')) return [`${positive.long}=${text}`];
  }
  throw new RequestError('bad-request', `the setting '${name}' cannot be ${JSON.stringify(value).slice(0, 100)}`);
}

function unknown(name: string, command: Command): RequestError {
  const names = command.options.map((option) => option.attributeName()).filter((known) => !OWN.includes(known));
  const guess = nearest(name, names);
  return new RequestError('bad-request', `there is no setting called '${name.slice(0, 100)}'`, {
    hint: guess === undefined ? `The settings are: ${[...new Set(names)].join(', ')}.` : `Did you mean ${guess}?`,
  });
}
