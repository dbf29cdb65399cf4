// The loss curve in a terminal: two by four dots a character (braille), or one star where there is only ASCII. The axis is
// logarithmic, because a loss falls fast first and then ever slower.

import type { Screen } from './terminal.ts';

export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
}

interface Size {
  /** Columns of the whole, axis included. */
  readonly width: number;
  /** Rows of the curve. */
  readonly height?: number;
}

/** Dots in a character, and the bits of U+2800 that they are, row by row. */
const BRAILLE = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

/** @returns the chart; an empty text for fewer than two points */
export function lossCurve(points: readonly CurvePoint[], { width, height = 8 }: Size, screen: Screen): string {
  if (points.length < 2) return '';
  const positive = points.map(({ loss }) => loss).filter((loss) => loss > 0);
  if (positive.length === 0) return '';
  const [lowest, highest] = [Math.min(...positive), Math.max(...positive)];
  const low = Math.log(lowest);
  const range = Math.log(highest) - low || 1;
  const labels = Array.from({ length: height }, (_, row) =>
    axisLabel(Math.exp(low + (range * (height - 0.5 - row)) / height)),
  );
  const labelWidth = Math.max(...labels.map((label) => label.length));
  const columns = Math.max(8, width - labelWidth - 1);

  const [across, down] = screen.unicode ? [2, 4] : [1, 1];
  const dots = { width: columns * across, height: height * down };
  /** Logarithms, so that what lies between two points is a straight line on this axis. */
  const heights = points.map(({ step, loss }) => ({ step, height: Math.log(Math.max(loss, lowest)) }));
  const place = (height: number) => Math.min(dots.height - 1, Math.floor((1 - (height - low) / range) * dots.height));
  const cells = Array.from({ length: height }, () => new Array<number>(columns).fill(0));
  let previous: number | undefined;
  for (const [x, level] of resample(heights, dots.width).entries()) {
    const y = place(level);
    // A steep fall is drawn as a line, not as two dots far apart.
    const from = previous === undefined || previous === y ? y : previous + Math.sign(y - previous);
    for (let row = Math.min(from, y); row <= Math.max(from, y); row++) {
      cells[Math.floor(row / down)][Math.floor(x / across)] |= BRAILLE[row % down][x % across];
    }
    previous = y;
  }
  const glyph = (bits: number) => (bits === 0 ? ' ' : screen.unicode ? String.fromCharCode(0x2800 + bits) : '*');
  const [wall, corner, floor] = screen.unicode ? ['┤', '└', '─'] : ['|', '+', '-'];
  const rows = cells.map((row, r) => {
    const curve = row.map(glyph).join('').trimEnd();
    return `${screen.paint('dim', labels[r].padStart(labelWidth) + wall)}${screen.paint('cyan', curve)}`;
  });
  const [first, last] = [points[0].step, points[points.length - 1].step].map((step) => `step ${step}`);
  const gap = columns - first.length - last.length;
  const steps = gap > 0 ? first + ' '.repeat(gap) + last : last.padStart(columns);
  const indent = ' '.repeat(labelWidth);
  return [
    ...rows,
    screen.paint('dim', indent + corner + floor.repeat(columns)),
    screen.paint('dim', `${indent} ${steps}`),
  ].join('\n');
}

/** The mean height of each of `count` equal stretches of the steps; a stretch without a point is interpolated. */
function resample(points: readonly { step: number; height: number }[], count: number): number[] {
  const [first, last] = [points[0].step, points[points.length - 1].step];
  const sums = new Array<number>(count).fill(0);
  const hits = new Array<number>(count).fill(0);
  for (const { step, height } of points) {
    const column = Math.min(count - 1, Math.floor(((step - first) / (last - first || 1)) * count));
    sums[column] += height;
    hits[column]++;
  }
  const means = sums.map((sum, i) => sum / hits[i]);
  let left = 0; // the first and the last stretch have a point each
  for (let i = 1; i < count; i++) {
    if (hits[i] === 0) continue;
    for (let j = left + 1; j < i; j++) means[j] = means[left] + ((means[i] - means[left]) * (j - left)) / (i - left);
    left = i;
  }
  return means.slice(0, left + 1);
}

function axisLabel(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
