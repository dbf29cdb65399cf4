// Reading a chain of transforms from JSON, such as config.json or the metadata of a model. Unknown names and arguments
// are errors: a transform that is silently left out would make the predictions of a good model bad.

import { UsageError } from '../../errors.ts';
import { Compose } from './compose.ts';
import { centerCrop, randomCrop, type Size } from './crop.ts';
import { randomHorizontalFlip } from './flip.ts';
import { pad } from './pad.ts';
import { normalize, toTensor } from './tensor.ts';
import type { Padding, Transform } from './transform.ts';

interface Maker {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** The arguments are as found in the JSON: the functions called here check them. */
  make(found: Readonly<Record<string, unknown>>): Transform;
}

const makers = new Map<unknown, Maker>([
  [
    'Pad',
    {
      required: ['padding'],
      optional: ['fill'],
      make: ({ padding, fill }) => pad(padding as Padding, fill as number | undefined),
    },
  ],
  [
    'RandomHorizontalFlip',
    { required: [], optional: ['p'], make: ({ p }) => randomHorizontalFlip(p as number | undefined) },
  ],
  [
    'RandomCrop',
    {
      required: ['size'],
      optional: ['padding', 'fill'],
      make: ({ size, padding, fill }) =>
        randomCrop(size as Size, { padding: padding as Padding | undefined, fill: fill as number | undefined }),
    },
  ],
  ['CenterCrop', { required: ['size'], optional: [], make: ({ size }) => centerCrop(size as Size) }],
  ['ToTensor', { required: [], optional: [], make: toTensor }],
  [
    'Normalize',
    { required: ['mean', 'std'], optional: [], make: ({ mean, std }) => normalize(mean as number[], std as number[]) },
  ],
]);

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
  const known = [...maker.required, ...maker.optional];
  const unknown = Object.keys(found).filter((argument) => !known.includes(argument));
  const missing = maker.required.filter((argument) => !Object.hasOwn(found, argument));
  if (unknown.length > 0 || missing.length > 0) {
    const wrong = [...unknown.map((a) => `unknown argument ${a}`), ...missing.map((a) => `missing argument ${a}`)];
    throw new UsageError(`${where}: ${name}: ${wrong.join(', ')}`, {
      hint: `${name} takes ${known.length === 0 ? 'no arguments' : known.join(', ')}.`,
    });
  }
  return maker.make(found);
}
