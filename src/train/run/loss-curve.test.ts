// The loss curve is a drawing, looked at by people; here: that it is well-formed and has all points in the right places.

import { describe, expect, it } from 'vitest';
import type { LogPoint } from '../progress.ts';
import { lossCurve } from './loss-curve.ts';

const point = (epoch: number, batch: number, loss: number, validation?: number): LogPoint => ({
  epoch,
  epochs: 2,
  batch,
  batches: 4,
  step: (epoch - 1) * 4 + batch,
  learningRate: 0.1,
  loss,
  accuracy: 0.5,
  imagesPerSecond: 1,
  validation: validation === undefined ? undefined : { loss: validation, accuracy: 0.5 },
});

const polylines = (svg: string) =>
  [...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, points]) =>
    points.split(' ').map((pair) => pair.split(',').map(Number)),
  );

describe('a loss curve', () => {
  it('goes down by equal amounts where the loss falls by equal factors', () => {
    const [[a, b, c]] = polylines(lossCurve([point(1, 2, 1), point(1, 4, 0.1), point(2, 4, 0.01)], 'x'));
    expect(b[1] - a[1]).toBeCloseTo(c[1] - b[1], 0);
    expect(b[1]).toBeGreaterThan(a[1]);
    expect(c[0] - b[0]).toBeCloseTo(2 * (b[0] - a[0]), 0);
  });

  it('draws the validation as a second one', () => {
    const svg = lossCurve([point(1, 4, 1, 0.9), point(2, 4, 0.5, 0.6)], 'x');
    expect(polylines(svg)).toHaveLength(2);
    expect(svg).toContain('>validation</text>');
  });

  it.each([
    ['nothing', []],
    ['one point', [point(1, 1, 0.5)]],
    ['a loss of 0', [point(1, 1, 0.5), point(1, 2, 0)]],
    ['a huge loss', [point(1, 1, 1e20), point(1, 2, 1e-20)]],
  ])('can be drawn of %s', (_, log) => {
    const svg = lossCurve(log, 'a < b & c');
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(svg).toContain('a &lt; b &amp; c');
  });
});
