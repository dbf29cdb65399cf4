// How gradients and activations get through the layers, and how that changed while it was trained: over the depth, at the
// beginning, the middle and the end of the training; and over the training, for some layers between the first and the last.

import { useMemo } from 'preact/hooks';
import type { LogPoint, NormsPoint } from '../../../train/index.ts';
import { LinePlot, type PlotSeries } from '../components/line-plot.tsx';
import { strings } from '../i18n/strings.ts';
import { metricsOf } from '../state/runs.ts';

/** From the first to the last, as many as can be told apart. */
const LAYERS = 5;

type Measure = (point: NormsPoint) => { readonly layers: readonly string[]; readonly values: readonly number[] };

const gradients: Measure = ({ layers, gradients }) => ({ layers, values: gradients });
const activations: Measure = ({ activations: { layers, std } }) => ({ layers, values: std });

export function Norms({ run }: { run: string }) {
  const { inside, shell } = strings.value;
  const log = metricsOf(run).value;
  const points = useMemo(() => normsOf(log ?? []), [log]);
  if (log === undefined) return null;
  return (
    <section class="panel">
      <h2>{inside.norms}</h2>
      <p class="soft small">{points.length > 0 ? inside.normsText : inside.noNorms}</p>
      {points.length > 0 && (
        <div class="plots">
          <LinePlot
            label={inside.gradientsByDepth}
            xLabel={inside.depth}
            scale="log"
            series={byDepth(points, gradients, inside.afterSteps)}
            formatX={whole}
            nameX={(depth) => layerAt(points, gradients, depth)}
          />
          <LinePlot
            label={inside.gradientsOverTraining}
            xLabel={shell.step}
            scale="log"
            series={overTraining(points, gradients)}
          />
          <LinePlot
            label={inside.activationsByDepth}
            xLabel={inside.depth}
            scale="log"
            series={byDepth(points, activations, inside.afterSteps)}
            formatX={whole}
            nameX={(depth) => layerAt(points, activations, depth)}
          />
          <LinePlot
            label={inside.activationsOverTraining}
            xLabel={shell.step}
            scale="log"
            series={overTraining(points, activations)}
          />
        </div>
      )}
    </section>
  );
}

export const normsOf = (log: readonly LogPoint[]): NormsPoint[] => log.flatMap(({ norms }) => norms ?? []);

/** Layers count from 1. */
const layerAt = (points: readonly NormsPoint[], measure: Measure, depth: number) =>
  measure(points[0]).layers[depth - 1] ?? '';

const whole = (depth: number) => (Number.isInteger(depth) ? String(depth) : '');

function byDepth(points: readonly NormsPoint[], measure: Measure, name: (step: number) => string): PlotSeries[] {
  const chosen = new Set([points[0], points[points.length >> 1], points[points.length - 1]]);
  const colours = ['--series-7', '--series-3', '--accent'] as const;
  return [...chosen].map((point, i) => {
    const { values } = measure(point);
    return {
      name: name(point.step),
      colour: colours[i],
      x: values.map((_, layer) => layer + 1),
      y: values,
      dots: true,
    };
  });
}

function overTraining(points: readonly NormsPoint[], measure: Measure): PlotSeries[] {
  const { layers } = measure(points[0]);
  const count = Math.min(LAYERS, layers.length);
  const places = Array.from({ length: count }, (_, i) =>
    Math.round((i * (layers.length - 1)) / Math.max(1, count - 1)),
  );
  const steps = points.map(({ step }) => step);
  return places.map((place) => ({
    name: layers[place],
    x: steps,
    y: points.map((point) => measure(point).values[place] ?? null),
  }));
}
