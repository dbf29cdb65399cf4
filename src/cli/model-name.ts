// A model's name as an option or argument. There are too many to list them in every message.

import { InvalidArgumentError } from 'commander';
import { listModels } from '../models/index.ts';
import { nearest } from './suggest.ts';

/** @throws InvalidArgumentError where there is no such model */
export function modelName(text: string): string {
  const names = listModels().map(({ name }) => name);
  if (names.includes(text)) return text;
  const guess = nearest(text, names);
  const question = guess === undefined ? '' : ` Did you mean ${guess}?`;
  throw new InvalidArgumentError(`There is no such model.${question} residua models lists them.`);
}
