// A named network: an architecture, the data it was made for, and how it differs from the common case. Each has a plain
// twin, the same layers without shortcuts, whose name has 'plain' where the other has 'res'.

import { UsageError } from '../errors.ts';
import type { Initialiser, Module } from '../nn/index.ts';
import { kaimingNormal } from '../nn/index.ts';
import type { RandomStream } from '../tensor/random.ts';
import type { ModelOptions } from './model-options.ts';
import { type Architecture, ResNet } from './resnet.ts';
import type { ShortcutOption } from './shortcut.ts';

/** Which of the lists it belongs to. */
export type ModelFamily = 'article' | 'cifar' | 'pre-activation' | 'torchvision';

export interface ModelEntry {
  readonly name: string;
  readonly description: string;
  readonly family: ModelFamily;
  /** false: a plain network. */
  readonly residual: boolean;
  /** The plain network with the same layers, or the residual one. */
  readonly twin: string;
  /** Forms of shortcuts that may be asked for, the default first; none in a plain network. */
  readonly shortcuts: readonly ShortcutOption[];
  /** Height and width of the images it was made for. */
  readonly imageSize: number;
  /** Channels of those images. */
  readonly inChannels: number;
  /** What those images show. */
  readonly classes: number;
  /** @throws UsageError where an option is not for this model */
  create(options: ModelOptions, random: RandomStream): Module;
}

export interface Definition extends Pick<ModelEntry, 'name' | 'description' | 'family' | 'shortcuts'> {
  readonly architecture: Omit<Architecture, 'shortcut' | 'residual'>;
  readonly data: Pick<ModelEntry, 'imageSize' | 'inChannels' | 'classes'>;
  /** First weights of convolutions; N(0, 2 / fan out) by default, as in torchvision. */
  readonly initialise?: Initialiser;
  /** ResNet by default. */
  readonly network?: typeof ResNet;
}

/** The network and its plain twin. */
export function define(definition: Definition): [ModelEntry, ModelEntry] {
  const { name } = definition;
  const twin = plainName(name);
  const description = `The plain twin of ${name}: the same layers without shortcuts`;
  return [
    { ...entry(definition), residual: true, twin },
    { ...entry({ ...definition, name: twin, description, shortcuts: [] }), residual: false, twin: name },
  ];
}

/** article-resnet -> article-plainnet, resnext50_32x4d -> plainnext50_32x4d. */
const plainName = (name: string): string => name.replace('res', 'plain');

function entry(definition: Definition): Omit<ModelEntry, 'residual' | 'twin'> {
  const { name, description, family, shortcuts, data, network: Network = ResNet } = definition;
  const { initialise = kaimingNormal } = definition;
  return {
    name,
    description,
    family,
    shortcuts,
    ...data,
    create: (options, random) => {
      const { classes, inChannels, activation, normalise, dropout, zeroInitResidual } = options;
      const style = { activation, normalise, dropout, zeroInitResidual, initialise, random };
      return new Network(chooseArchitecture(definition, options), { classes, inChannels, ...style });
    },
  };
}

function chooseArchitecture({ name, architecture, shortcuts }: Definition, options: ModelOptions): Architecture {
  const { layers = architecture.layers, widths = architecture.widths, shortcut = shortcuts[0] } = options;
  const residual = shortcuts.length > 0;
  for (const [what, list] of Object.entries({ layers, widths })) {
    const stages = architecture.layers.length;
    if (list.length === stages) continue;
    throw new UsageError(`${name} has ${stages} stages, but '${what}' has ${list.length}: [${list.join(', ')}]`);
  }
  if (shortcut !== undefined && !shortcuts.includes(shortcut)) {
    throw residual
      ? new UsageError(`${name} has no shortcuts of form ${shortcut}`, { hint: `It has: ${shortcuts.join(', ')}.` })
      : new UsageError(`${name} is a plain network: it has no shortcuts to choose`, { hint: "Leave 'shortcut' out." });
  }
  const chosen = { ...architecture, layers, widths, shortcut, residual };
  if (options.zeroInitResidual) checkZeroInit(name, chosen, options);
  return chosen;
}

function checkZeroInit(name: string, { block, residual }: Architecture, { normalise = true }: ModelOptions): void {
  const reason = !residual
    ? 'without a shortcut nothing would get through a block'
    : block.preActivation
      ? 'a pre-activation block does not end with a norm'
      : normalise
        ? undefined
        : 'there are no norms';
  if (reason) throw new UsageError(`${name} can't have 'zeroInitResidual' here: ${reason}`);
}
