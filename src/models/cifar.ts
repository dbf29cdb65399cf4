// The networks for images of 32x32 (He et al. 2015, sec. 4.2, table 6; He et al. 2016, table 3 and 4). Three stages of n blocks
// with 16, 32 and 64 channels have 6n+2 layers with blocks of two, 9n+2 with bottlenecks (which put out four times as
// many channels). Names in the state dict are torchvision's.

import type { BlockClass } from './block.ts';
import { Bottleneck } from './bottleneck.ts';
import { define, type ModelEntry } from './definition.ts';
import { PreActivationBlock, PreActivationBottleneck } from './pre-activation.ts';
import { ResidualBlock } from './residual-block.ts';

function cifar(depth: number, block: BlockClass): readonly ModelEntry[] {
  const bottleneck = block.expansion > 1;
  const blocks = (depth - 2) / (bottleneck ? 9 : 6);
  const kind = `${bottleneck ? 'bottleneck' : 'basic'} blocks`;
  return define({
    name: `${block.preActivation ? 'preact-' : ''}resnet${depth}`,
    description: `${depth} layers, 3 x ${blocks} ${kind}`,
    family: block.preActivation ? 'pre-activation' : 'cifar',
    architecture: { block, layers: [blocks, blocks, blocks], widths: [16, 32, 64], stem: '3x3' },
    // The paper's choice is A. Three quarters of what it carries around a bottleneck would be zeros, and there the authors' code
    // has B.
    shortcuts: bottleneck ? ['B', 'A', 'C'] : ['A', 'B', 'C'],
    data: { imageSize: 32, inChannels: 3, classes: 10 },
  });
}

export const cifarModels: readonly ModelEntry[] = [
  ...[8, 20, 32, 44, 56, 110, 1202].map((depth) => cifar(depth, ResidualBlock)),
  cifar(164, Bottleneck),
].flat();

export const preActivationModels: readonly ModelEntry[] = [
  ...[20, 32, 44, 56, 110].map((depth) => cifar(depth, PreActivationBlock)),
  ...[164, 1001].map((depth) => cifar(depth, PreActivationBottleneck)),
].flat();
