// Mirrored images that are no longer what their label says: a digit or letter read in a mirror, a left turn that has become
// a right one. What the classes are is read off their names.

import { count, percent } from '../../format.ts';
import { classCounts } from './class-balance.ts';
import { type Check, listed } from './situation.ts';

interface Mirror {
  readonly transform: string;
  readonly verb: string;
  /** Digits and letters that look the same afterwards, or nearly. */
  readonly symmetric: string;
  /** Words that change places. */
  readonly pairs: readonly (readonly [string, string])[];
}

const mirrors: readonly Mirror[] = [
  {
    transform: 'RandomHorizontalFlip',
    verb: 'mirrors',
    symmetric: '018AHIMOTUVWXYilovwx',
    pairs: [['left', 'right']],
  },
  {
    transform: 'RandomVerticalFlip',
    verb: 'turns upside down',
    symmetric: '0138BCDEHIKOXcklox',
    pairs: [
      ['up', 'down'],
      ['top', 'bottom'],
      ['upper', 'lower'],
    ],
  },
];

/** Of colourful images, so many: with fewer, 'a' and 'b' or '1' to '5' may be names for anything. */
const ENOUGH_GLYPHS = 10;

const digitWords = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

export const flips: Check = ({ augment, train }) =>
  mirrors.flatMap((mirror) => {
    const flip = augment.config.find(({ name, p }) => name === mirror.transform && p !== 0);
    if (flip === undefined) return [];
    const glyphs = train.classes.map(glyphOf);
    const areGlyphs =
      train.imageShape[0] === 1 || glyphs.filter((glyph) => glyph !== undefined).length >= ENOUGH_GLYPHS;
    const hurt = train.classes.filter((name, k) => {
      const glyph = areGlyphs ? glyphs[k] : undefined;
      return glyph === undefined ? changesPlaces(name, mirror, train.classes) : !mirror.symmetric.includes(glyph);
    });
    if (hurt.length === 0) return [];
    const counts = classCounts(train);
    const images = hurt.reduce((sum, name) => sum + counts[train.classes.indexOf(name)], 0);
    const share = percent(Number(flip.p ?? 0.5), 0);
    return [
      {
        check: 'flip',
        message: `${mirror.transform} ${mirror.verb} ${share} of the training images, and ${hurt.length} of the ${train.classes.length} classes don't survive that: ${listed(hurt)} (${count(images)} of ${count(train.length)} images).`,
        reason:
          'The network is taught shapes that no test image of the class has, some of them those of other classes.',
        advice: `Leave ${mirror.transform} out: --augment crop varies images without it.`,
      },
    ];
  });

/** Whether the name of another class comes out when left becomes right in it. */
function changesPlaces(name: string, { pairs }: Mirror, classes: readonly string[]): boolean {
  return pairs.some(([a, b]) => {
    const exchanged = name
      .split(/([a-z]+)/i)
      .map((word) => (word.toLowerCase() === a ? b : word.toLowerCase() === b ? a : word))
      .join('');
    return exchanged !== name && classes.some((other) => other.toLowerCase() === exchanged.toLowerCase());
  });
}

/** The digit or letter (of any script) that a class is, where its name says so. */
function glyphOf(name: string): string | undefined {
  if (/^[\p{L}\p{N}]$/u.test(name)) return name;
  const digit = digitWords.indexOf(name.toLowerCase());
  return digit === -1 ? undefined : String(digit);
}
