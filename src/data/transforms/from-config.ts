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

const makers = new Map<unknown, Maker>();

/** @param args names of arguments: the required ones, then '|', then the optional ones */
function known(name: string, args: string, make: (found: Arguments) => Transform): void {
  const [required, optional] = args.split('|').map((list) => list.split(' ').filter((word) => word !== ''));
  makers.set(name, { required, optional, make });
}

known('CenterCrop', 'size |', ({ size }) => centerCrop(size));
known('ColorJitter', '| brightness contrast saturation hue', colorJitter);
known('Grayscale', '| num_output_channels', ({ num_output_channels }) => grayscale(num_output_channels));
known('Normalize', 'mean std |', ({ mean, std }) => normalize(mean, std));
known('Pad', 'padding | fill', ({ padding, fill }) => pad(padding, fill));
known('RandAugment', '| num_ops magnitude num_magnitude_bins fill', randAugment);
known('RandomAffine', 'degrees | translate scale shear interpolation fill', ({ degrees, ...options }) => {
  return randomAffine(degrees, options);
});
known('RandomCrop', 'size | padding fill', ({ size, ...options }) => randomCrop(size, options));
known('RandomErasing', '| p scale ratio value', randomErasing);
known('RandomHorizontalFlip', '| p', ({ p }) => randomHorizontalFlip(p));
known('RandomResizedCrop', 'size | scale ratio interpolation', ({ size, ...options }) => {
  return randomResizedCrop(size, options);
});
known('RandomRotation', 'degrees | interpolation fill', ({ degrees, ...options }) => randomRotation(degrees, options));
known('RandomVerticalFlip', '| p', ({ p }) => randomVerticalFlip(p));
known('Resize', 'size | interpolation', ({ size, ...options }) => resize(size, options));
known('ToTensor', '|', () => toTensor());
known('TrivialAugmentWide', '| num_magnitude_bins fill', trivialAugmentWide);

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
  const maker = makers.get(name);
  if (maker === undefined) {
    throw new UsageError(`${where} has the unknown name ${JSON.stringify(name)}`, {
      hint: `Known transforms: ${[...makers.keys()].join(', ')}.`,
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
