// The loss curve as a small SVG: the loss over the epochs on a logarithmic axis, since a loss falls by powers of ten, and
// the validation's where there is one.

import type { LogPoint } from '../progress.ts';
import { lineChart, type Series } from './line-chart.ts';

/** @param title one line above the curve @returns an SVG document; one without a curve when there are no points */
export function lossCurve(log: readonly LogPoint[], title: string): string {
  return lineChart({
    title,
    xLabel: 'epochs',
    yLabel: 'loss',
    scale: 'log',
    series: overEpochs(log, 'loss', { training: '#2563eb', validation: '#dc2626' }),
    width: 720,
    height: 400,
    fontSize: 13,
    colours: { grid: '#e5e7eb', text: '#374151', background: 'white' },
  });
}

/** A measure of the training over the epochs, and of the validation where images are held out. */
export function overEpochs(
  log: readonly LogPoint[],
  measure: 'loss' | 'accuracy',
  colours: { readonly training: string; readonly validation: string },
): Series[] {
  const training = log.map((point) => ({ x: epochsDone(point), y: point[measure] }));
  const validation = log.flatMap((point) =>
    point.validation ? [{ x: point.epoch, y: point.validation[measure] }] : [],
  );
  return [
    { name: 'training', points: training, colour: colours.training },
    ...(validation.length > 0
      ? [{ name: 'validation', points: validation, colour: colours.validation, dots: true }]
      : []),
  ];
}

export const epochsDone = ({ epoch, batch, batches }: LogPoint): number => epoch - 1 + batch / batches;
