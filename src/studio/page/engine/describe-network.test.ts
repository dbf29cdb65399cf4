// The picture of a network holds what the papers' tables say of it: blocks a stage, shapes, shortcuts, and nothing twice.

import { describe, expect, it } from 'vitest';
import { fromConfig } from '../../../data/index.ts';
import { createModel } from '../../../models/index.ts';
import type { ModelFile } from '../../../train/model-file.ts';
import { describeNetwork } from './describe-network.ts';

function file(name: string, channels: number, size: number | null): ModelFile {
  const model = createModel(name, { inChannels: channels, classes: 10, imageSize: size ?? undefined, seed: 0 });
  const toOneSize = [
    { name: 'Resize', size: 256 },
    { name: 'CenterCrop', size: 224 },
  ];
  const preprocessing = fromConfig([...(size === null ? toOneSize : []), { name: 'ToTensor' }]);
  const card = { imageShape: [channels, size, size] } as unknown as ModelFile['card'];
  return { model, card, preprocessing };
}

const shortcuts = ({ stages }: ReturnType<typeof describeNetwork>) =>
  stages.map(({ parts }) => parts.map(({ shortcut }) => shortcut));

describe('a network is described', () => {
  it("as the article's: three stages of two blocks, 3x3 shortcuts where the shape changes", () => {
    const network = describeNetwork(file('article-resnet', 1, 32));
    expect(network.stages.map(({ name }) => name)).toEqual(['stem', 'layer1', 'layer2', 'layer3', 'head']);
    expect(shortcuts(network)).toEqual([
      [null],
      ['identity', 'identity'],
      ['3x3', 'identity'],
      ['3x3', 'identity'],
      [null],
    ]);
    expect(network.parameters).toBe(195_450);
    expect(network.stages.map(({ parts }) => parts.at(-1)!.outputShape)).toEqual([
      [1, 16, 32, 32],
      [1, 16, 32, 32],
      [1, 32, 16, 16],
      [1, 64, 8, 8],
      [1, 10],
    ]);
  });

  it('as ResNet-50 (He et al. 2015, table 1), from photographs of any size', () => {
    const network = describeNetwork(file('resnet50', 3, null));
    expect(network.stages.map(({ parts }) => parts.length)).toEqual([1, 3, 4, 6, 3, 1]);
    expect(network.stages.map(({ parts }) => parts.at(-1)!.outputShape.slice(2))).toEqual([
      [56, 56],
      [56, 56],
      [28, 28],
      [14, 14],
      [7, 7],
      [],
    ]);
  });

  it('as a plain twin: no shortcut', () => {
    expect(
      shortcuts(describeNetwork(file('plainnet20', 1, 32)))
        .flat()
        .filter((form) => form && form !== 'none'),
    ).toEqual([]);
  });

  it.each(['article-resnet', 'resnet18', 'resnet20', 'preact-resnet20'])(
    'with every parameter of %s in one part',
    (name) => {
      const { stages, parameters, multiplyAdds } = describeNetwork(file(name, 3, 32));
      const parts = stages.flatMap((stage) => stage.parts);
      expect(parts.reduce((sum, part) => sum + part.parameters, 0)).toBe(parameters);
      expect(parts.reduce((sum, part) => sum + part.multiplyAdds, 0)).toBe(multiplyAdds);
    },
  );
});
