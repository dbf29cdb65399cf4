// The curves of a run, as its log points come in.

import { useMemo } from 'preact/hooks';
import { percent } from '../../../format.ts';
import type { LogPoint } from '../../../train/index.ts';
import { LinePlot, type PlotSeries } from '../components/line-plot.tsx';
import { strings } from '../i18n/strings.ts';
import { metricsOf } from '../state/runs.ts';

const shares = [0, 1] as const;

export function Curves({ id }: { id: string }) {
  const { train } = strings.value;
  const points = metricsOf(id).value;
  const series = useMemo(() => seriesOf(points ?? [], train.training, train.validating), [points, train]);
  if (!points || points.length === 0) return null;
  const common = { xLabel: train.step, height: 180 };
  return (
    <div class="curves">
      <LinePlot {...common} label={train.loss} scale="log" series={series.loss} />
      <LinePlot
        {...common}
        label={train.accuracy}
        range={shares}
        format={(y) => percent(y, 1)}
        series={series.accuracy}
      />
      <LinePlot {...common} label={train.learningRate} series={series.learningRate} />
      <LinePlot {...common} label={train.speed} range={[0, undefined]} series={series.speed} />
    </div>
  );
}

function seriesOf(points: readonly LogPoint[], training: string, validating: string) {
  const x = points.map(({ step }) => step);
  const line = (name: string, value: (point: LogPoint) => number): PlotSeries => ({
    name,
    x,
    y: points.map(value),
    // A line needs two.
    dots: points.length < 3,
  });
  const validated = points.filter(({ validation }) => validation);
  const dots = (of: 'loss' | 'accuracy'): PlotSeries[] =>
    validated.length === 0
      ? []
      : [
          {
            name: validating,
            x: validated.map(({ step }) => step),
            y: validated.map((p) => p.validation![of]),
            dots: true,
          },
        ];
  return {
    loss: [line(training, ({ loss }) => loss), ...dots('loss')],
    accuracy: [line(training, ({ accuracy }) => accuracy), ...dots('accuracy')],
    learningRate: [line(training, ({ learningRate }) => learningRate)],
    speed: [line(training, ({ imagesPerSecond }) => imagesPerSecond)],
  };
}
