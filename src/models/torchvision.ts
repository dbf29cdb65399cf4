// torchvision's residual networks (torchvision/models/resnet.py), with its names in the state dict, strides (v1.5: the 3x3
// convolution of a bottleneck has it) and first weights. He et al. 2015, table 1; Zagoruyko & Komodakis 2016; Xie et al. 2017.

import type { BlockClass } from './block.ts';
import { Bottleneck } from './bottleneck.ts';
import { define, type ModelEntry } from './definition.ts';
import { ResidualBlock } from './residual-block.ts';
import type { Architecture } from './resnet.ts';

function imageNet(
  name: string,
  block: BlockClass,
  layers: readonly number[],
  description: string,
  inside: Pick<Architecture, 'groups' | 'widthPerGroup'> = {},
): readonly ModelEntry[] {
  return define({
    name,
    description,
    family: 'torchvision',
    architecture: { block, layers, widths: [64, 128, 256, 512], stem: '7x7', ...inside },
    shortcuts: ['B', 'A', 'C'],
    data: { imageSize: 224, inChannels: 3, classes: 1000 },
  });
}

export const torchvisionModels: readonly ModelEntry[] = [
  imageNet('resnet18', ResidualBlock, [2, 2, 2, 2], '18 layers, basic blocks'),
  imageNet('resnet34', ResidualBlock, [3, 4, 6, 3], '34 layers, basic blocks'),
  imageNet('resnet50', Bottleneck, [3, 4, 6, 3], '50 layers, bottleneck blocks'),
  imageNet('resnet101', Bottleneck, [3, 4, 23, 3], '101 layers, bottleneck blocks'),
  imageNet('resnet152', Bottleneck, [3, 8, 36, 3], '152 layers, bottleneck blocks'),
  imageNet('resnext50_32x4d', Bottleneck, [3, 4, 6, 3], '50 layers, bottlenecks of 32 groups', {
    groups: 32,
    widthPerGroup: 4,
  }),
  imageNet('resnext101_32x8d', Bottleneck, [3, 4, 23, 3], '101 layers, bottlenecks of 32 groups', {
    groups: 32,
    widthPerGroup: 8,
  }),
  imageNet('wide_resnet50_2', Bottleneck, [3, 4, 6, 3], '50 layers, bottlenecks twice as wide', {
    widthPerGroup: 128,
  }),
  imageNet('wide_resnet101_2', Bottleneck, [3, 4, 23, 3], '101 layers, bottlenecks twice as wide', {
    widthPerGroup: 128,
  }),
].flat();
