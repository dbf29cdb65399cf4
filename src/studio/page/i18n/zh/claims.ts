// Claims of comparisons and what was measured.

import { percent } from '../../../../format.ts';
import { type ClaimWords, firstRatioText } from '../../../../train/compare/claim-texts.ts';
import { EXPLODED, VANISHED } from '../../../../train/compare/claims.ts';
import type { ComparedNetwork } from '../../../../train/compare/comparison.ts';

const RATIO = '训练前，第一个卷积的梯度与最后一个卷积的梯度之比';

const accuracy = ({ accuracy }: ComparedNetwork): string =>
  accuracy === null ? '发散' : `准确率 ${percent(accuracy, 1)}`;

const result = (network: ComparedNetwork): string =>
  network.trainingLoss === null
    ? accuracy(network)
    : `${accuracy(network)}（训练损失 ${network.trainingLoss.toFixed(3)}）`;

const results = (networks: readonly ComparedNetwork[]): string =>
  networks.map((network) => `${network.depth} 层${result(network)}`).join('；');

export const claimWords: ClaimWords = {
  nothing: '能说明这一点的网络不在测量之列。',
  claims: {
    degradation: {
      source: '文章；He 等 2015，图 1 与 4.2 节',
      claim: '普通网络越深越差，在训练过的图像上也是如此：层数越多，误差越大。',
      measured: ({ plain }) => `普通网络，ReLU，有批归一化：${results(plain)}。`,
      rule: '最深的网络训练损失高于最浅的，并且测试准确率更低，差距超出偶然',
    },
    shortcuts: {
      source: '文章；He 等 2015，4.2 节',
      claim: '有了捷径，深度无害：深的残差网络胜过它的普通孪生网络，也不比浅的差。',
      measured: ({ residual, twin }) =>
        `残差网络，ReLU，有批归一化：${results(residual)}。${twin.depth} 层的普通网络：${result(twin)}。`,
      rule: '最深的残差网络胜过它的普通孪生网络，差距超出偶然；若比最浅的差，差距不超出偶然',
    },
    vanishing: {
      source: '文章',
      claim: '深的普通网络难以训练，因为梯度在传回前面几层的途中消失了。',
      measured: ({ plain }) => {
        const ratios = plain.map(
          (network) => `${network.batchNorm ? '有' : '没有'}批归一化时为 ${firstRatioText(network)}`,
        );
        return `${RATIO}，${plain[0].depth} 层的普通网络，ReLU：${ratios.join('，')}。`;
      },
      rule: `这个比值低于 ${VANISHED}`,
    },
    healthy: {
      source: 'He 等 2015，4.1 节，与文章看法不同',
      claim: '有批归一化时，普通网络难以训练并不是因为梯度消失：反向传播的梯度大小正常。',
      measured: ({ plain, exploded }) => {
        const ratios = plain.map((network) => `${network.depth} 层时为 ${firstRatioText(network)}`);
        return `${RATIO}，普通网络，ReLU，有批归一化：${ratios.join('，')}。${exploded ? '梯度没有消失，而是在传回途中爆炸。' : ''}`;
      },
      rule: `在每个深度，这个比值都在 ${VANISHED} 到 ${EXPLODED} 之间；没有低于而有高于的，算部分证实`,
    },
    activation: {
      source: '文章',
      claim: 'Sigmoid 最多传回梯度的四分之一，所以深网络里梯度会消失；ReLU 要么全部传回，要么一点不传。',
      measured: ({ pairs }) => {
        const one = (network: ComparedNetwork) => `${firstRatioText(network)}，${accuracy(network)}`;
        const texts = pairs.map(({ sigmoid, relu }) => `${relu.depth} 层：ReLU ${one(relu)}；Sigmoid ${one(sigmoid)}`);
        return `${RATIO}，没有批归一化的普通网络，以及训练后的测试准确率。${texts.join('。')}。`;
      },
      rule: `在每个深度，用 Sigmoid 时这个比值低于 ${VANISHED}，用 ReLU 时则不然`,
    },
    'through-shortcuts': {
      source: '文章',
      claim: '捷径让梯度绕过各层：在普通网络里梯度消失的地方，梯度仍能到达前面几层。',
      measured: ({ plain, residual }) =>
        `${RATIO}，${plain.depth} 层，Sigmoid，没有批归一化：普通网络为 ${firstRatioText(plain)}，残差网络为 ${firstRatioText(residual)}。在这些网络里，每条捷径都止于一个激活函数之前，梯度必须穿过它。`,
      rule: `这个比值在普通网络中低于 ${VANISHED}，在残差网络中则不然`,
    },
  },
};
