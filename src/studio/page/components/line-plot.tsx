// Curves over steps or epochs. uPlot draws them on a canvas; names, marks and values stand beside it as text, which can be read
// aloud and copied. Under the pointer (or with the arrow keys) the text says the values there, otherwise the last ones.
//
//   <LinePlot label="Loss" xLabel="step" scale="log" series={[{ name: 'train', x: [1, 2], y: [2.3, 1.1] }]} />

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import './line-plot.css';
import { isDark } from '../preferences.ts';
import { colour, seriesColour } from './colours.ts';

export interface PlotSeries {
  readonly name: string;
  /** Ascending. */
  readonly x: readonly number[];
  /** As many; null leaves a gap. */
  readonly y: readonly (number | null)[];
  /** '--series-N' by its place otherwise; --shortcut for residual networks, --accent for plain ones. */
  readonly colour?: `--${string}`;
  readonly dashed?: boolean;
  /** Marks each point: for values that come once an epoch. */
  readonly dots?: boolean;
}

export interface LinePlotProps {
  /** What is measured: the figure's title. */
  readonly label: string;
  readonly xLabel: string;
  readonly series: readonly PlotSeries[];
  /** linear by default. A log scale leaves out what is not above 0. */
  readonly scale?: 'linear' | 'log';
  /** Values that are always inside; by default those of the curves. */
  readonly range?: readonly [number | undefined, number | undefined];
  readonly format?: (value: number) => string;
  readonly formatX?: (value: number) => string;
  /** Of the place under the pointer, where its name is longer than fits on the axis. */
  readonly nameX?: (value: number) => string;
  /** In pixels, of the drawing. */
  readonly height?: number;
}

const plain = (value: number) => String(Number(value.toPrecision(4)));

export function LinePlot(props: LinePlotProps) {
  const { label, xLabel, series, scale = 'linear', range, format = plain, formatX = plain, height = 220 } = props;
  const { nameX = formatX } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [cursor, setCursor] = useState<number | null>(null);
  const data = useMemo(() => align(series, scale), [series, scale]);
  const shape = JSON.stringify([
    series.map(({ name, colour, dashed, dots }) => [name, colour, dashed, dots]),
    scale,
    range,
  ]);
  const dark = isDark.value;

  // A plot is made anew where more than its data changes.
  useEffect(() => {
    const element = place.current!;
    const made = new uPlot(options(props, element.clientWidth, setCursor), data, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [shape, height, xLabel, dark]);
  useEffect(() => plot.current?.setData(data), [data]);

  const points = data[0].length;
  const shown = cursor === null || cursor >= points ? null : cursor;
  const move = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined || points === 0) return;
    event.preventDefault();
    setCursor(Math.min(points - 1, Math.max(0, (shown ?? points - 1) + step)));
  };
  const values = series.map((_, i) => (shown === null ? lastOf(data[i + 1]) : data[i + 1][shown]));
  const said = (value: unknown) => (typeof value === 'number' ? format(value) : '');
  const at = shown ?? points - 1;
  const spoken = `${xLabel} ${points === 0 ? '' : nameX(data[0][at] as number)}: ${series.map(({ name }, i) => `${name} ${said(values[i])}`).join(', ')}`;
  return (
    <figure class="plot">
      <figcaption>
        <strong>{label}</strong>
        <span class="soft small">
          {xLabel}
          {shown !== null && ` ${nameX(data[0][shown] as number)}`}
        </span>
      </figcaption>
      <div
        class="plot-canvas"
        ref={place}
        style={{ height: `${height}px` }}
        tabIndex={0}
        role="slider"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, points - 1)}
        aria-valuenow={shown ?? Math.max(0, points - 1)}
        aria-valuetext={spoken}
        onKeyDown={move}
        onBlur={() => setCursor(null)}
      />
      <ul class="plot-legend">
        {series.map(({ name, colour: own, dashed }, i) => {
          return (
            <li key={name}>
              <i class={dashed ? 'dashed' : ''} style={{ color: `var(${own ?? seriesColour(i)})` }} />
              {name} <b>{said(values[i])}</b>
            </li>
          );
        })}
      </ul>
    </figure>
  );
}

/** One x for all, as uPlot takes it. */
function align(series: readonly PlotSeries[], scale: 'linear' | 'log'): uPlot.AlignedData {
  if (series.length === 0) return [[]];
  const shown = (y: number | null) => (y !== null && Number.isFinite(y) && (scale === 'linear' || y > 0) ? y : null);
  return uPlot.join(series.map(({ x, y }): uPlot.AlignedData => [[...x], y.map(shown)]));
}

const valuesOf = (values: ArrayLike<number | null | undefined>) =>
  Array.from(values).filter((value) => typeof value === 'number');
const lastOf = (values: ArrayLike<number | null | undefined>) => valuesOf(values).at(-1);

function options(props: LinePlotProps, width: number, onCursor: (i: number | null) => void): uPlot.Options {
  const { series, scale = 'linear', range, format = plain, formatX = plain, height = 220 } = props;
  const [line, ink, surface] = [colour('--line'), colour('--ink-soft'), colour('--surface')];
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7, fill: surface } },
    scales: {
      x: { time: false },
      y: {
        distr: scale === 'log' ? 3 : 1,
        range: (_, low, high) => bounds(low, high, scale, range),
      },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 30, values: (_, values) => values.map((x) => formatX(x)) },
      {
        ...axis,
        ...(scale === 'log' && { splits: (_: uPlot, _axis: number, low: number, high: number) => logTicks(low, high) }),
        filter: (_, splits) => splits,
        size: 58,
        values: (_, values) => values.map((y) => (y === null ? '' : format(y))),
      },
    ],
    series: [
      {},
      ...series.map(({ name, colour: own, dashed, dots = false }, i) => {
        const stroke = colour(own ?? seriesColour(i));
        const dash = dashed || i >= 8 ? [6, 4] : undefined;
        return {
          label: name,
          stroke,
          width: 1.75,
          dash,
          spanGaps: true,
          // One point makes no line.
          points: {
            show: (plot: uPlot, k: number) => dots || valuesOf(plot.data[k]).length === 1,
            size: 6,
            fill: stroke,
          },
        };
      }),
    ],
    hooks: { setCursor: [({ cursor: { idx } }) => onCursor(idx ?? null)] },
  };
}

/** The values' own range with a little room, and what must be inside. A flat curve lies in the middle. */
function bounds(
  low: number | null,
  high: number | null,
  scale: 'linear' | 'log',
  [least, most]: readonly [number | undefined, number | undefined] = [undefined, undefined],
): uPlot.Range.MinMax {
  if (low === null || high === null) return scale === 'log' ? [0.1, 1] : [least ?? 0, most ?? 1];
  const from = Math.min(low, least ?? low);
  const to = Math.max(high, most ?? high);
  if (scale === 'log') return from === to ? [from / 2, to * 2] : [from * 0.9, to * 1.1];
  const room = from === to ? Math.abs(to) * 0.1 || 1 : (to - from) * 0.06;
  return [least === undefined ? from - room : from, most === undefined ? to + room : to];
}

/** Powers of ten; the shorter the way, the more of their multiples. */
function logTicks(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const decades = Math.log10(high / low);
  const multiples = decades > 2 ? [1] : decades > 0.7 ? [1, 2, 5] : [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];
  const every = Math.ceil((last - first + 1) / 8);
  const exponents = Array.from({ length: Math.ceil((last - first + 1) / every) }, (_, i) => first + i * every);
  const ticks = exponents.flatMap((exponent) => multiples.map((multiple) => Number(`${multiple}e${exponent}`)));
  return ticks.filter((tick) => tick >= low && tick <= high);
}
