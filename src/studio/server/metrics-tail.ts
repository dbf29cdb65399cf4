// Follows a metrics.jsonl that another process writes. Only whole lines count: what has no line feed yet is read again next
// time. A resumed run replaces the file by a shorter one; then all points are read anew.

import { open } from 'node:fs/promises';
import type { LogPoint } from '../../train/index.ts';
import { fromLines } from '../../train/run/metrics-lines.ts';
import type { MetricsAnswer } from '../protocol.ts';

/** Bytes read at once. A line has some 200. */
const MOST_BYTES = 4 * 2 ** 20;
const LINE_FEED = 10;

export class MetricsTail {
  /** When it was written to last; 0 where it is not there. */
  changed = 0;
  readonly #path: string;
  #inode = 0;
  /** Bytes whose lines have been read. */
  #offset = 0;
  #count = 0;
  #last: LogPoint | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  get count(): number {
    return this.#count;
  }

  get last(): LogPoint | undefined {
    return this.#last;
  }

  /** @returns what has come since the last call; undefined where nothing has */
  async read(): Promise<MetricsAnswer | undefined> {
    const file = await open(this.#path).catch(() => undefined);
    if (file === undefined) return undefined;
    try {
      const { ino, size, mtimeMs } = await file.stat();
      this.changed = mtimeMs;
      const isNew = ino !== this.#inode || size < this.#offset;
      const from = isNew ? 0 : this.#count;
      if (isNew) [this.#inode, this.#offset, this.#count, this.#last] = [ino, 0, 0, undefined];
      const points: LogPoint[] = [];
      while (this.#offset < size) {
        const buffer = Buffer.alloc(Math.min(MOST_BYTES, size - this.#offset));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
        // What has no line feed in so many bytes is no line of ours: passed over.
        const whole =
          bytesRead === MOST_BYTES && !buffer.includes(LINE_FEED)
            ? bytesRead
            : buffer.subarray(0, bytesRead).lastIndexOf(LINE_FEED) + 1;
        if (whole === 0) break;
        this.#offset += whole;
        for (const line of buffer.toString('utf8', 0, whole).split('\n').slice(0, -1)) points.push(...pointsOf(line));
      }
      if (points.length === 0 && !isNew) return undefined;
      this.#count = from + points.length;
      this.#last = points.at(-1) ?? this.#last;
      return { from, points };
    } finally {
      await file.close();
    }
  }
}

/** All points of a file. */
export async function readMetrics(path: string): Promise<readonly LogPoint[]> {
  return (await new MetricsTail(path).read())?.points ?? [];
}

/** One; none where the line is damaged, which leaves the others as they are. */
function pointsOf(line: string): LogPoint[] {
  return fromLines(`${line}\n`).filter(({ step, epoch, loss }) => [step, epoch, loss].every(isNumber));
}

const isNumber = (value: unknown): boolean => typeof value === 'number';
