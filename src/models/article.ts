// The article's network, ResNet(ResidualBlock, [2, 2, 2]), with its names: conv and bn for the stem. Its first weights are
// PyTorch's defaults, for its code sets no others.

import { kaimingUniform } from '../nn/index.ts';
import { define, type ModelEntry } from './definition.ts';
import { ResidualBlock } from './residual-block.ts';
import { ResNet } from './resnet.ts';

class ArticleResNet extends ResNet {
  protected override readonly stateNames = { conv1: 'conv', bn1: 'bn' };
}

export const articleModels: readonly ModelEntry[] = define({
  name: 'article-resnet',
  description: 'ResNet(ResidualBlock, [2, 2, 2])',
  family: 'article',
  architecture: { block: ResidualBlock, layers: [2, 2, 2], widths: [16, 32, 64], stem: '3x3' },
  shortcuts: ['3x3', '1x1'],
  data: { imageSize: 32, inChannels: 1, classes: 10 },
  initialise: kaimingUniform,
  network: ArticleResNet,
});
