// The Draw page.

import type { Strings } from '../strings.ts';

export const draw: Strings['draw'] = {
  title: '手写',
  lead: '写一个数字。网络边看边答，并标出它看的是哪里。',
  paper: '纸',
  paperBlank: '空白的纸。用鼠标、手指或笔来写，也可以在下面选一张图像。',
  here: '写在这里',
  undo: '撤销',
  clear: '清空',
  file: '图像……',
  testImage: '测试图像',
  isTestImage: (index) => `测试集的第 ${index} 张图像：网络在训练中没有见过它。`,
  drop: '也可以把图像文件拖到纸上，或粘贴一张。',
  pen: '笔的颜色',
  pens: ['黑', '红', '橙', '绿', '蓝', '棕'],
  lightOnDark: '深底浅字，与它的训练图像一样',
  answer: '回答',
  waiting: '还没有可以回答的。',
  took: (milliseconds) => `用时 ${milliseconds.toFixed(1)} 毫秒`,
  said: (label, probability) => `可能是 ${label}，${probability}`,
  explainClass: (label) => `标出支持 ${label} 的地方`,
  seen: '网络看到的',
  seenNothing: '你写的字到达第一层时的样子。',
  centred: '已按 MNIST 的方式裁出并居中。',
  inverted: '已转为深底浅字。',
  marks: '标出它看的地方',
  marksOf: (label) => `Grad-CAM：最后一个阶段在这些地方找到了支持“${label}”的东西。点一根横条可以问别的类别。`,
  marksText: 'Grad-CAM：最后一个阶段在哪里找到支持某个类别的东西。',
  lookInside: '跟着这幅字走过各层',
};
