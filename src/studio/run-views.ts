// What a table shows of a run's files, the same for runs of the server's machine and of a tab.

import type { LogPoint } from '../train/index.ts';
import type { RunConfig, RunSummary } from '../train/run/node.ts';
import type { RunOutcome, RunProgress } from './protocol.ts';

export function outcomeOf({ test, ...summary }: RunSummary): RunOutcome {
  const { status, steps, epochs, images, trainSeconds, imagesPerSecond, seconds, weightsHash, best } = summary;
  const figures = { status, steps, epochs, images, trainSeconds, imagesPerSecond, seconds, weightsHash, best };
  return { ...figures, accuracy: test?.accuracy ?? null, loss: test?.loss ?? null };
}

/** @param last the last of `points` log points */
export function progressOf({ batchSize, accumulate }: RunConfig, last: LogPoint, points: number): RunProgress {
  const steps = last.epochs * last.batches;
  const images = (steps - last.step) * batchSize * accumulate;
  return { ...last, steps, secondsLeft: last.imagesPerSecond > 0 ? images / last.imagesPerSecond : 0, points };
}
