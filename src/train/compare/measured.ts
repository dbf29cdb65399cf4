// From a run to what a comparison keeps of it.

import type { LogPoint, NormsPoint } from '../progress.ts';
import { epochsDone } from '../run/loss-curve.ts';
import type { ComparedNetwork, CurvePoint } from './comparison.ts';

type Measured = Pick<ComparedNetwork, 'trainingLoss' | 'trainingAccuracy' | 'curve' | 'norms'>;

/** @param measured norms that are not in the log: those of a run that ended before its next log point */
export function measuredOf(log: readonly LogPoint[], measured: readonly NormsPoint[] = []): Measured {
  const norms = [...log.flatMap((point) => point.norms ?? []), ...measured].sort((a, b) => a.step - b.step);
  const curve = log.map((point): CurvePoint => {
    return { epoch: epochsDone(point), loss: point.loss, accuracy: point.accuracy };
  });
  const [first = null, last = null] = [norms[0], norms[norms.length - 1]];
  return { ...lastEpoch(log), curve, norms: { first, last } };
}

/** Means over the last epoch that was done, from its points: each is the mean of the batches since the one before. */
function lastEpoch(log: readonly LogPoint[]): Pick<Measured, 'trainingLoss' | 'trainingAccuracy'> {
  const last = log.findLast(({ batch, batches }) => batch === batches)?.epoch;
  const points = log.filter(({ epoch }) => epoch === last);
  let [loss, accuracy, before] = [0, 0, 0];
  for (const point of points) {
    const share = (point.batch - before) / point.batches;
    loss += share * point.loss;
    accuracy += share * point.accuracy;
    before = point.batch;
  }
  return points.length === 0
    ? { trainingLoss: null, trainingAccuracy: null }
    : { trainingLoss: loss, trainingAccuracy: accuracy };
}
