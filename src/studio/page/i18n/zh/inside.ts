// The Look inside page.

import type { Strings } from '../strings.ts';

export const inside: Strings['inside'] = {
  title: '看内部',
  lead: '跟着一张图像走过网络：一块一块地看，也看每一条捷径。',
  subject: '图像',
  says: (label, probability) => `网络认为是 ${label}，把握 ${probability}。`,
  noPicture: '先写点什么，或取一张测试集的图像。',
  drawOne: '自己写一个',
  network: '网络',
  totals: (shape, parameters, multiplyAdds) => `输入 ${shape}。${parameters} 个参数，每张图像 ${multiplyAdds} 次乘加。`,
  parts: { stem: '入口', head: '出口' },
  block: (name, shortcut) => `残差块 ${name}，${shortcut}`,
  shortcuts: {
    identity: '恒等捷径',
    pad: '补零的捷径',
    '1x1': '带 1 × 1 卷积的捷径',
    '3x3': '带 3 × 3 卷积的捷径',
    none: '没有捷径',
  },
  forms: {
    identity: '恒等：直接加上输入本身。',
    '1x1': '1 × 1：用卷积把输入变成新的形状。',
    '3x3': '3 × 3：用卷积把输入变成新的形状。',
    pad: '补零：隔一个像素取一个，新通道补零。',
    none: '普通网络：没有捷径。它的残差孪生网络有同样的层。',
  },
  sum: { residual: '各层 + 捷径', plain: '各层' },
  output: '整块',
  costs: (parameters, multiplyAdds) => `${parameters} 个参数，${multiplyAdds} 次乘加。`,
  featureMaps: (layer) => `${layer} 的输出`,
  maps: (channels, height, width) => `${channels} 张 ${height} × ${width} 的特征图。`,
  vector: (channels) => `${channels} 个数。`,
  range: (low, high) => `数值从 ${low} 到 ${high}。`,
  zeros: (share) => `其中 ${share} 是 0。`,
  channel: (channel) => `通道 ${channel}`,
  filter: (index) => `卷积核 ${index}`,
  ownScale: '每张图用自己的色阶',
  showAll: (channels) => `显示全部 ${channels} 张`,
  below: '小于 0',
  above: '大于 0',
  weights: '第一个卷积的权重',
  weightsText: (name, filters, channels, height, width) =>
    `${name}：${filters} 个 ${channels} × ${height} × ${width} 的卷积核${channels === 3 ? '，显示为各自响应的颜色' : ''}。更深的层看的是别的卷积核的特征图，而不是像素。`,
};
