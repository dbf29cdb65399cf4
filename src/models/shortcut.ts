// The way around a block. Where a block keeps the shape, its input itself is added to what the block computes; where the
// shape changes, the input must be brought to the new one first (He et al. 2015, sec. 3.3 and 4.1).

import { AvgPool2d, type Module, PadChannels, Sequential } from '../nn/index.ts';
import { add, ShapeError, type Tensor } from '../tensor/index.ts';
import { convolution, type LayerStyle, normalisation } from './layer-style.ts';

/**
 * What one block's shortcut is.
 *
 * identity: x itself, where the shape stays the same.
 * pad: every stride-th pixel, and channels of zeros behind those there are; no parameters.
 * 1x1: a strided 1x1 convolution and batch norm.
 * 3x3: a strided 3x3 convolution and batch norm (the article's code).
 * none: there is no shortcut, the block is two or three plain layers.
 */
export type Shortcut = 'identity' | 'pad' | '1x1' | '3x3' | 'none';

/**
 * What all of a network's shortcuts are.
 *
 * A: pad where the shape changes, the identity elsewhere. B: 1x1 there. C: 1x1 everywhere (He et al. 2015, sec. 4.1).
 * 1x1 and 3x3: that convolution where the shape changes (the article's text and its code).
 */
export type ShortcutOption = 'A' | 'B' | 'C' | '1x1' | '3x3';

export const shortcutOptions: readonly ShortcutOption[] = ['A', 'B', 'C', '1x1', '3x3'];

/** @param changes whether the block's output has another shape than its input */
export function shortcutOf(option: ShortcutOption, changes: boolean): Shortcut {
  if (option === 'C') return '1x1';
  if (!changes) return 'identity';
  return option === 'A' ? 'pad' : option === 'B' ? '1x1' : option;
}

export interface ShortcutShape {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly stride: number;
}

/**
 * The layers of a shortcut: [N, inChannels, H, W] -> [N, outChannels, H / stride, W / stride]. undefined where there are none.
 *
 * @param options.norm false: a convolution goes without batch norm, as in pre-activation networks
 * @throws ShapeError where a shortcut of that form can't give that shape
 */
export function createShortcut(
  form: Shortcut,
  { inChannels, outChannels, stride }: ShortcutShape,
  style: LayerStyle,
  { norm = true }: { norm?: boolean } = {},
): Module | undefined {
  const impossible = (rule: string, hint: string) =>
    new ShapeError(`a shortcut of form '${form}'`, [[inChannels], [outChannels]], rule, hint);
  if (form === 'none') return undefined;
  if (form === 'identity') {
    if (stride === 1 && inChannels === outChannels) return undefined;
    const rule = `an identity shortcut needs stride 1 and equal channels, found stride ${stride}`;
    throw impossible(rule, "Use shortcut 'pad', '1x1' or '3x3'.");
  }
  if (form === 'pad') {
    if (outChannels < inChannels) {
      throw impossible('zeros can be added to channels, but none taken away', 'Use option B or C.');
    }
    return new Sequential(new AvgPool2d(1, { stride }), new PadChannels(outChannels - inChannels));
  }
  const projection = convolution(inChannels, outChannels, { kernelSize: form === '1x1' ? 1 : 3, stride }, style);
  return norm ? new Sequential(projection, normalisation(outChannels, style)) : new Sequential(projection);
}

/** What comes out of a block: what its layers compute, and what its shortcut brings from `start`. */
export function addShortcut(
  { shortcut, downsample }: { readonly shortcut: Shortcut; readonly downsample: Module | undefined },
  residual: Tensor,
  start: Tensor,
): Tensor {
  return shortcut === 'none' ? residual : add(residual, downsample ? downsample.forward(start) : start);
}
