// metrics.jsonl: a log point a line, as JSON, each ended by a line feed. A line without one is not all there.

import type { LogPoint } from '../progress.ts';

/** What a line holds: a log point, with the learning rate under a shorter name. */
export type MetricsLine = Omit<LogPoint, 'learningRate'> & { readonly lr: number };

export function toLine({ step, epoch, epochs, batch, batches, learningRate: lr, ...measured }: LogPoint): string {
  const line: MetricsLine = { step, epoch, epochs, batch, batches, lr, ...measured };
  return `${JSON.stringify(line)}\n`;
}

/** The first `count` points of a text; fewer where it ends before, or a line is damaged. */
export function fromLines(text: string, count = Number.POSITIVE_INFINITY): LogPoint[] {
  const points: LogPoint[] = [];
  for (const line of text.split('\n').slice(0, -1).slice(0, count)) {
    const point = fromLine(line);
    if (point === undefined) break;
    points.push(point);
  }
  return points;
}

/** undefined for what is no JSON. */
function fromLine(line: string): LogPoint | undefined {
  try {
    const { lr, ...rest } = JSON.parse(line) as MetricsLine;
    return { ...rest, learningRate: lr };
  } catch {
    return undefined;
  }
}
