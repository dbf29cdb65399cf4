// 简体中文。Each page has its own section.

import type { Strings } from './strings.ts';
import { compare } from './zh/compare.ts';
import { draw } from './zh/draw.ts';
import { inside } from './zh/inside.ts';
import { runs } from './zh/runs.ts';
import { shell } from './zh/shell.ts';
import { train } from './zh/train.ts';

export const zh: Strings = { shell, train, draw, inside, compare, runs };
