// A network as a picture has it: stem, stages of blocks with their shortcuts, head; each with its shapes and layers.
//
//   stem   one part: convolution, norm, activation        layer1   a part a block       head   pooling and linear layer

import type { Shortcut } from '../../../models/shortcut.ts';
import { type LayerSummary, summarise } from '../../../models/summary.ts';
import { type ModuleCall, trace } from '../../../nn/index.ts';
import { Input, type Shape } from '../../../tensor/index.ts';
import type { ModelFile } from '../../../train/model-file.ts';

export interface NetworkDescription {
  /** [1, C, H, W], behind the preprocessing. */
  readonly inputShape: Shape;
  readonly parameters: number;
  /** Of one image. */
  readonly multiplyAdds: number;
  readonly stages: readonly StageView[];
}

export interface StageView {
  /** 'stem', 'layer1', ..., 'head' */
  readonly name: string;
  readonly parts: readonly PartView[];
}

/** A block; or the stem, or the head. */
export interface PartView {
  /** A block's path in the model, such as 'layer2.0'; 'stem' and 'head' otherwise. */
  readonly name: string;
  /** A block's class; '' otherwise. */
  readonly kind: string;
  /** null where this is no block. */
  readonly shortcut: Shortcut | null;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** In the order in which they run. */
  readonly layers: readonly LayerSummary[];
}

export function describeNetwork({ model, card, preprocessing }: ModelFile): NetworkDescription {
  const inputShape = [1, ...preprocessing.outputShape(card.imageShape)];
  const { layers, parameters, multiplyAdds } = summarise(model, inputShape);
  const calls = trace(model.eval(), new Input('images', inputShape)).calls;
  const blocks = calls.filter(({ module }) => 'shortcut' in module);

  const stages: { name: string; parts: PartView[] }[] = [];
  for (const call of blocks) {
    const name = call.name.split('.').slice(0, -1).join('.');
    if (stages.at(-1)?.name !== name) stages.push({ name, parts: [] });
    const { shortcut } = call.module as unknown as { shortcut: Shortcut };
    const own = layers.filter((layer) => layer.name.startsWith(`${call.name}.`));
    stages.at(-1)!.parts.push({ ...part(call.name, own, [call]), kind: call.module.constructor.name, shortcut });
  }
  const around = (name: string, wanted: readonly LayerSummary[]) =>
    wanted.length === 0 ? [] : [{ name, parts: [part(name, wanted, callsOf(wanted, calls))] }];
  const isInBlock = ({ name }: LayerSummary) => blocks.some((block) => name.startsWith(`${block.name}.`));
  const first = layers.findIndex(isInBlock);
  const last = layers.findLastIndex(isInBlock);
  const stem = around('stem', layers.slice(0, Math.max(0, first)));
  const head = around('head', layers.slice(last + 1));
  return { inputShape, parameters, multiplyAdds, stages: [...stem, ...stages, ...head] };
}

const callsOf = (layers: readonly LayerSummary[], calls: readonly ModuleCall[]) =>
  layers.map(({ name }) => calls.find((call) => call.name === name)!);

function part(name: string, layers: readonly LayerSummary[], calls: readonly ModuleCall[]): PartView {
  const sum = (of: (layer: LayerSummary) => number) => layers.reduce((total, layer) => total + of(layer), 0);
  return {
    name,
    kind: '',
    shortcut: null,
    inputShape: calls[0].input.shape,
    outputShape: calls.at(-1)!.output.shape,
    parameters: sum(({ parameters }) => parameters),
    multiplyAdds: sum(({ multiplyAdds }) => multiplyAdds),
    layers,
  };
}
