// The loss curve as a small SVG: the loss over the epochs on a logarithmic axis, since a loss falls by powers of ten, and
// the validation's where there is one. Plain text, for any platform.

import type { LogPoint } from '../progress.ts';

const WIDTH = 720;
const HEIGHT = 400;
const MARGIN = { left: 64, right: 20, top: 44, bottom: 48 };
const COLOURS = { loss: '#2563eb', validation: '#dc2626', grid: '#e5e7eb', text: '#374151' };

interface Point {
  /** Epochs. */
  readonly x: number;
  readonly loss: number;
}

/** @param title one line above the curve @returns an SVG document; one without a curve when there are no points */
export function lossCurve(log: readonly LogPoint[], title: string): string {
  const training = log.map(({ epoch, batch, batches, loss }) => ({ x: epoch - 1 + batch / batches, loss }));
  const validation = log.flatMap(({ epoch, validation }) => (validation ? [{ x: epoch, loss: validation.loss }] : []));
  const all = [...training, ...validation].filter(({ loss }) => loss > 0);
  const lowest = Math.floor(Math.log10(Math.min(0.1, ...all.map(({ loss }) => loss))));
  const highest = Math.ceil(Math.log10(Math.max(1, ...all.map(({ loss }) => loss))));
  const epochs = Math.max(1, Math.ceil(Math.max(0, ...all.map(({ x }) => x))));

  const plotWidth = WIDTH - MARGIN.left - MARGIN.right;
  const plotHeight = HEIGHT - MARGIN.top - MARGIN.bottom;
  const x = (epoch: number) => MARGIN.left + (epoch / epochs) * plotWidth;
  const y = (loss: number) => MARGIN.top + ((highest - Math.log10(loss)) / (highest - lowest)) * plotHeight;
  const bottom = HEIGHT - MARGIN.bottom;

  const parts: string[] = [];
  for (let exponent = lowest; exponent <= highest; exponent++) {
    const at = y(10 ** exponent).toFixed(1);
    parts.push(line(MARGIN.left, at, WIDTH - MARGIN.right, at));
    parts.push(label(MARGIN.left - 8, Number(at) + 4, tickText(exponent), 'end'));
  }
  const every = niceStep(epochs);
  for (let epoch = 0; epoch <= epochs; epoch += every) {
    const at = x(epoch).toFixed(1);
    parts.push(line(at, MARGIN.top, at, bottom));
    parts.push(label(Number(at), bottom + 18, String(epoch), 'middle'));
  }
  parts.push(label(MARGIN.left, 24, title, 'start', 'font-weight="600"'));
  parts.push(label(MARGIN.left + plotWidth / 2, HEIGHT - 10, 'epochs', 'middle'));
  const turned = `transform="rotate(-90 18 ${MARGIN.top + plotHeight / 2})"`;
  parts.push(label(18, MARGIN.top + plotHeight / 2, 'loss', 'middle', turned));
  parts.push(curve(training, COLOURS.loss));
  if (validation.length > 0) {
    parts.push(curve(validation, COLOURS.validation));
    parts.push(...validation.map((point) => dot(point, COLOURS.validation)));
    parts.push(label(WIDTH - MARGIN.right - 90, 24, 'training', 'end', `fill="${COLOURS.loss}"`));
    parts.push(label(WIDTH - MARGIN.right, 24, 'validation', 'end', `fill="${COLOURS.validation}"`));
  }
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}"`;
  const style = `font-family="system-ui, sans-serif" font-size="13" fill="${COLOURS.text}"`;
  return `${open} ${style}>\n<rect width="100%" height="100%" fill="white"/>\n${parts.join('\n')}\n</svg>\n`;

  function curve(points: readonly Point[], colour: string): string {
    const drawn = points.filter(({ loss }) => loss > 0);
    if (drawn.length === 1) return dot(drawn[0], colour);
    const path = drawn.map((point) => `${x(point.x).toFixed(1)},${y(point.loss).toFixed(1)}`).join(' ');
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>`;
  }

  function dot(point: Point, colour: string): string {
    return `<circle cx="${x(point.x).toFixed(1)}" cy="${y(point.loss).toFixed(1)}" r="3.5" fill="${colour}"/>`;
  }
}

function line(x1: number | string, y1: number | string, x2: number | string, y2: number | string): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${COLOURS.grid}"/>`;
}

function label(x: number, y: number, text: string, anchor: string, attributes = ''): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" ${attributes}>${escaped}</text>`;
}

/** 100, 10, 1, 0.1, 0.01, ... */
function tickText(exponent: number): string {
  return exponent >= 0 ? (10 ** exponent).toString() : (10 ** exponent).toFixed(-exponent);
}

/** 1, 2, 5, 10, ...: at most ten steps over the whole. */
function niceStep(whole: number): number {
  let unit = 1;
  for (;;) {
    for (const step of [unit, 2 * unit, 5 * unit]) if (whole / step <= 10) return step;
    unit *= 10;
  }
}
