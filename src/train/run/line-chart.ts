// A line chart as SVG text: some series over one x axis, linear or logarithmic in y. Its colours are whatever CSS takes, so
// that a file of its own has fixed ones and a page those of its theme.

import { escapeHtml } from './report/html.ts';

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly colour: string;
  /** Marks each point: for series of few points. */
  readonly dots?: boolean;
  /** A broken line: tells series apart without their colours. */
  readonly dashed?: boolean;
}

export interface LineChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** Logarithmic: powers of ten; points of 0 and below are left out. */
  readonly scale: 'linear' | 'log';
  /** A logarithmic axis has 0.1 and 1 unless it is to fit the points alone. */
  readonly fit?: boolean;
  /** false: whoever draws several charts says once what their colours mean. */
  readonly legend?: boolean;
  /** What a linear axis shows, and a logarithmic one at least; the points' own where left out. */
  readonly yRange?: readonly [number, number];
  /** Text of a tick. */
  readonly format?: (value: number) => string;
  readonly width: number;
  readonly height: number;
  readonly fontSize: number;
  readonly colours: { readonly grid: string; readonly text: string; readonly background?: string };
}

export function lineChart(chart: LineChart): string {
  const { series, scale, width, height, fontSize, colours, format = plain } = chart;
  const { fit = false, legend = true } = chart;
  const drawn = series.map((own) => ({ ...own, points: own.points.filter(({ y }) => scale === 'linear' || y > 0) }));
  const points = drawn.flatMap((own) => own.points);
  const ticks =
    scale === 'log'
      ? powersOfTen([
          ...(fit && points.length > 0 ? [] : [0.1, 1]),
          ...(chart.yRange ?? []),
          ...points.map(({ y }) => y),
        ])
      : linearTicks(
          points.map(({ y }) => y),
          chart.yRange,
        );
  const [lowest, highest] = [ticks[0], ticks[ticks.length - 1]];
  const right = Math.max(1, Math.ceil(Math.max(0, ...points.map(({ x }) => x))));

  const labels = ticks.map(format);
  const widest = Math.max(...labels.map((label) => label.length)) * fontSize * 0.6;
  const box = {
    left: widest + 2.2 * fontSize,
    right: width - fontSize,
    top: 3.2 * fontSize,
    bottom: height - 3.4 * fontSize,
  };
  const x = (value: number) => box.left + (value / right) * (box.right - box.left);
  const level = (value: number) => (scale === 'log' ? Math.log10(value) : value);
  const span = level(highest) - level(lowest);
  const y = (value: number) => box.top + ((level(highest) - level(value)) / span) * (box.bottom - box.top);

  const parts = ticks.flatMap((tick, i) => [
    line(box.left, y(tick), box.right, y(tick), colours.grid),
    text(box.left - 0.6 * fontSize, y(tick) + fontSize / 3, labels[i], 'end'),
  ]);
  const every = niceStep(right, 8);
  for (let i = 0; i * every <= right * (1 + 1e-9); i++) {
    const at = x(i * every);
    parts.push(line(at, box.top, at, box.bottom, colours.grid));
    parts.push(text(at, box.bottom + 1.4 * fontSize, plain(i * every), 'middle'));
  }
  const middle = (box.top + box.bottom) / 2;
  parts.push(text(box.left, 1.6 * fontSize, chart.title, 'start', 'font-weight="600"'));
  parts.push(text((box.left + box.right) / 2, height - 0.6 * fontSize, chart.xLabel, 'middle'));
  parts.push(text(fontSize, middle, chart.yLabel, 'middle', `transform="rotate(-90 ${fontSize} ${round(middle)})"`));
  for (const own of drawn) parts.push(...curve(own));
  if (legend && series.length > 1) {
    let end = box.right;
    for (const { name, colour } of [...series].reverse()) {
      parts.push(text(end, 1.6 * fontSize, name, 'end', `fill="${colour}"`));
      end -= (name.length + 2) * fontSize * 0.58;
    }
  }
  const background = colours.background && `<rect width="100%" height="100%" fill="${colours.background}"/>\n`;
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  const style = `font-family="system-ui, sans-serif" font-size="${fontSize}" fill="${colours.text}"`;
  const name = `role="img" aria-label="${escapeHtml(chart.title)}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${name} ${style}>\n${background ?? ''}${parts.join('\n')}\n</svg>\n`;

  function curve({ points, colour, dots, dashed }: Series): string[] {
    const marks = points.map(
      (point) => `<circle cx="${round(x(point.x))}" cy="${round(y(point.y))}" r="3.5" fill="${colour}"/>`,
    );
    if (points.length < 2) return marks;
    const path = points.map((point) => `${round(x(point.x))},${round(y(point.y))}`).join(' ');
    const stroke = `fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"${dashed ? ' stroke-dasharray="6 4"' : ''}`;
    return [`<polyline points="${path}" ${stroke}/>`, ...(dots ? marks : [])];
  }
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}"/>`;
}

function text(x: number, y: number, content: string, anchor: string, attributes = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" ${attributes}>${escapeHtml(content)}</text>`;
}

const round = (value: number): string => String(Math.round(10 * value) / 10);

const MOST_POWERS = 8;

/** 0.001, 0.01, ... around the values; not each of them where that would be too many. */
function powersOfTen(values: readonly number[]): number[] {
  const lowest = Math.floor(Math.log10(Math.min(...values)));
  const highest = Math.max(lowest + 1, Math.ceil(Math.log10(Math.max(...values))));
  const every = Math.ceil((highest - lowest) / MOST_POWERS);
  const steps = Math.ceil((highest - lowest) / every);
  return Array.from({ length: steps + 1 }, (_, i) => 10 ** (lowest + every * i));
}

function linearTicks(values: readonly number[], range?: readonly [number, number]): number[] {
  const [low, high] = range ?? [Math.min(0, ...values), Math.max(0, ...values)];
  const step = niceStep(high - low || 1, 5);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** 1, 2 or 5 times a power of ten: at most `most` steps over the whole. */
function niceStep(whole: number, most: number): number {
  const unit = 10 ** Math.floor(Math.log10(whole / most));
  return [1, 2, 5, 10].map((factor) => factor * unit).find((step) => whole / step <= most) ?? 10 * unit;
}

/** 1, 0.01, 1e-7: never 0.30000000000000004. */
const plain = (value: number): string => String(Number(value.toPrecision(6)));
