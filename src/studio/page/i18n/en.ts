// English. Each page has its own section.

import { compare } from './en/compare.ts';
import { draw } from './en/draw.ts';
import { inside } from './en/inside.ts';
import { runs } from './en/runs.ts';
import { shell } from './en/shell.ts';
import { train } from './en/train.ts';

export const en = { shell, train, draw, inside, compare, runs };
