// Reading a chain of transforms from JSON, such as config.json or the metadata of a model. Unknown names and arguments
// are errors: a transform that is silently left out would make the predictions of a good model bad.

import { UsageError } from '../../errors.ts';
import { randAugment, trivialAugmentWide } from './auto-augment.ts';
import { colorJitter } from './color-jitter.ts';
import { Compose } from './compose.ts';
import { centerCrop, randomCrop } from './crop.ts';
import { randomHorizontalFlip, randomVerticalFlip } from './flip.ts';
import { grayscale } from './grayscale.ts';
import { pad } from './pad.ts';
import { randomAffine, randomRotation } from './random-affine.ts';
import { randomErasing } from './random-erasing.ts';
import { randomResizedCrop } from './random-resized-crop.ts';
import { resize } from './resize.ts';
import { normalize, toTensor } from './tensor.ts';
import type { Transform } from './transform.ts';

interface Maker {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** The arguments are as found in the JSON: the functions called here check them. */
  make(found: Arguments): Transform;
}

// biome-ignore lint/suspicious/noExplicitAny: what stands in a file has no type until it is checked
type Arguments = Readonly<Record<string, any>>;

/** A name, the names of its arguments (the required ones, then '|', then the optional ones), and what makes it. */
type Entry = readonly [name: string, args: string, make: Maker['make']];

// A plain list, so that a bundler can leave it out where nothing reads it.
const entries: readonly Entry[] = [
  ['CenterCrop', 'size |', ({ size }) => centerCrop(size)],
  ['ColorJitter', '| brightness contrast saturation hue', colorJitter],
  ['Grayscale', '| num_output_channels', ({ num_output_channels }) => grayscale(num_output_channels)],
  ['Normalize', 'mean std |', ({ mean, std }) => normalize(mean, std)],
  ['Pad', 'padding | fill', ({ padding, fill }) => pad(padding, fill)],
  ['RandAugment', '| num_ops magnitude num_magnitude_bins fill', randAugment],
  [
    'RandomAffine',
    'degrees | translate scale shear interpolation fill',
    ({ degrees, ...options }) => {
      return randomAffine(degrees, options);
    },
  ],
  ['RandomCrop', 'size | padding fill', ({ size, ...options }) => randomCrop(size, options)],
  ['RandomErasing', '| p scale ratio value', randomErasing],
  ['RandomHorizontalFlip', '| p', ({ p }) => randomHorizontalFlip(p)],
  [
    'RandomResizedCrop',
    'size | scale ratio interpolation',
    ({ size, ...options }) => {
      return randomResizedCrop(size, options);
    },
  ],
  ['RandomRotation', 'degrees | interpolation fill', ({ degrees, ...options }) => randomRotation(degrees, options)],
  ['RandomVerticalFlip', '| p', ({ p }) => randomVerticalFlip(p)],
  ['Resize', 'size | interpolation', ({ size, ...options }) => resize(size, options)],
  ['ToTensor', '|', () => toTensor()],
  ['TrivialAugmentWide', '| num_magnitude_bins fill', trivialAugmentWide],
];

function makerOf(wanted: unknown): Maker | undefined {
  const entry = entries.find(([name]) => name === wanted);
  if (entry === undefined) return undefined;
  const [, args, make] = entry;
  const [required, optional] = args.split('|').map((list) => list.split(' ').filter((word) => word !== ''));
  return { required, optional, make };
}

/**
 * @param json what `Compose.config` gave: a list of objects with a name and arguments
 * @throws UsageError that names the place in the list, what was found there and what is known
 */
export function fromConfig(json: unknown): Compose {
  if (!Array.isArray(json)) throw new UsageError(`transforms must be a list, found ${JSON.stringify(json) ?? json}`);
  return new Compose(json.map(transformFromConfig));
}

function transformFromConfig(json: unknown, place: number): Transform {
  const where = `transforms[${place}]`;
  if (typeof json !== 'object' || json === null || !('name' in json)) {
    throw new UsageError(`${where} must be an object with a name, found ${JSON.stringify(json) ?? json}`);
  }
  const { name, ...found } = json;
  const maker = makerOf(name);
  if (maker === undefined) {
    throw new UsageError(`${where} has the unknown name ${JSON.stringify(name)}`, {
      hint: `Known transforms: ${entries.map(([known]) => known).join(', ')}.`,
    });
  }
  const takes = [...maker.required, ...maker.optional];
  const unknown = Object.keys(found).filter((argument) => !takes.includes(argument));
  const missing = maker.required.filter((argument) => !Object.hasOwn(found, argument));
  if (unknown.length > 0 || missing.length > 0) {
    const wrong = [...unknown.map((a) => `unknown argument ${a}`), ...missing.map((a) => `missing argument ${a}`)];
    throw new UsageError(`${where}: ${name}: ${wrong.join(', ')}`, {
      hint: `${name} takes ${takes.length === 0 ? 'no arguments' : takes.join(', ')}.`,
    });
  }
  return maker.make(found);
}
