// The frame around all pages, and words that several of them use.

import type { Strings } from '../strings.ts';

export const shell: Strings['shell'] = {
  skip: '跳到正文',
  navigation: '页面',
  pages: { train: '训练', draw: '手写', inside: '看内部', compare: '对比', runs: '运行' },
  theme: (theme) => `配色：${theme}`,
  themes: { system: '跟随系统', light: '浅色', dark: '深色' },
  run: '运行',
  loading: '正在加载……',
  failed: '没有成功。',
  tryAgain: '重试',
  cancel: '取消',
  close: '关闭',
  noRuns: '还没有训练过的网络',
  noRunsText: '在这台机器上训练第一个手写数字网络只要一两分钟。有了权重，它就会出现在这里。',
  trainOne: '训练一个网络',
  unfinished: '仍在训练',
  noServer: '这台机器上的 studio 没有应答。请在终端里运行 `residua studio`，本页会自动找到它。',
  offline: '这台机器上的 studio 不再应答，显示的内容可能已经过时。',
  notYet: '第一个网络还在学习',
  notYetText: '训练结束或暂停之后就可以使用它。',
  watch: '看它训练',
};
