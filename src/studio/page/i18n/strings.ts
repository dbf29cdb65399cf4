// Every word on the page, in the language that is chosen. English defines the keys; other languages have the same ones, which
// the compiler holds. A text with values in it is a function.
//
//   const { draw } = strings.value;   // inside a component: it is rendered anew when the language changes
//   draw.title, draw.sure(0.97)

import { computed } from '@preact/signals';
import { language } from '../preferences.ts';
import { en } from './en.ts';
import { zh } from './zh.ts';

export type Strings = typeof en;

export const strings = computed((): Strings => (language.value === 'zh' ? zh : en));
