// The result of a bench as people read it.

import { bytes, count, counted, magnitude, percent } from '../format.ts';
import { indent, table } from '../table.ts';
import type { Screen } from '../terminal.ts';
import { columnsOf, wrap } from '../wrap.ts';
import type { BenchResult, ContestantResult, Measurement, MemoryWatch } from './plan.ts';
import { type ProfileRow, profileRows } from './profile.ts';

/** Share of the cores' time that others may take without spoiling a measurement. */
const QUIET = 0.1;

/** Parts of a step that are shown each by itself. */
const LONGEST_PROFILE = 24;

/**
 * How far first losses or logits may be apart, relative to the largest, for the same work. Rounding moves losses by up to 3e-4
 * of the first, a learning rate that is 10 % off by 7e-3 and more (docs/engine.md, "Larger networks").
 */
const SAME_WORK = 1e-3;

const modeNames = { train: 'training', infer: 'inference' } as const;

export const report =
  (result: BenchResult) =>
  (screen: Screen): string => {
    const { model, machine, measurements, absent } = result;
    return [
      screen.paint('bold', model.name),
      `${model.imageShape.join(' x ')} images, ${count(model.parameters)} parameters, ` +
        `${magnitude(model.multiplyAdds)} multiply-adds an image`,
      `${machine.processor}, ${counted(machine.cores, 'core')}, ${machine.platform}, Node ${machine.node}${vectors(measurements)}`,
      ...measurements.flatMap((measurement) => ['', measurementText(measurement, screen)]),
      ...(absent.length > 0 ? [''] : []),
      ...absent.map(({ peer, reason }) => screen.paint('yellow', `without ${peer}: ${reason}`)),
    ].join('\n');
  };

/** Whether V8 made vectors of 256 bits of them decides over the speed, and it depends on Node's version. */
function vectors(measurements: readonly Measurement[]): string {
  const found = measurements.flatMap(({ contestants }) => contestants.flatMap(({ vectorBits }) => vectorBits ?? []));
  const widths = [...new Set(found)].sort((a, b) => a - b);
  return widths.length === 0 ? '' : `, vectors of ${widths.join(' and ')} bits`;
}

function measurementText(measurement: Measurement, screen: Screen): string {
  const { mode, batchSize, contestants, ratios, disturbance, memory, profile } = measurement;
  const [{ imagesPerSecond, turns }] = contestants;
  const title = `${modeNames[mode]}, batch ${batchSize}: ${counted(imagesPerSecond.runs, 'step')} each in ${counted(turns.length, 'turn')}`;
  const head = ['', 'threads', 'images/s', 'min', 'max', 'ms a step', 'memory'].map((text) =>
    screen.paint('dim', text),
  );
  const rows = contestants.map((contestant) => row(contestant, screen));
  const sentences = ratios.map(({ peer, threads, ratio, lowest, highest, turns }) => {
    const range = `${lowest.toFixed(2)} to ${highest.toFixed(2)} over ${counted(turns, 'turn')}`;
    return `${screen.paint('cyan', `${ratio.toFixed(2)} x ${peer}`)} with ${counted(threads, 'thread')} (${range})`;
  });
  const lines = (text: string) => wrap(text, columnsOf(screen) - 2).map((line) => indent(line));
  return [
    screen.paint('bold', title),
    indent(table([head, ...rows], ['left', 'right', 'right', 'right', 'right', 'right', 'right'])),
    ...sentences.map((sentence) => indent(sentence)),
    ...contestants.flatMap(doubts).flatMap((text) => lines(text).map((line) => screen.paint('red', line))),
    ...(disturbance > QUIET ? lines(disturbanceText(disturbance)).map((line) => screen.paint('yellow', line)) : []),
    ...(memory ? lines(memoryText(memory)) : []),
    ...(profile ? ['', indent(profileText(profileRows(profile), screen))] : []),
  ].join('\n');
}

function row(
  { name, variant, threads, imagesPerSecond, secondsAStep, rss }: ContestantResult,
  screen: Screen,
): string[] {
  const speed = (value: number) => (value < 100 ? value.toPrecision(3) : value.toFixed(0));
  return [
    variant === null ? name : `${name}, ${variant}`,
    String(threads),
    screen.paint('bold', speed(imagesPerSecond.median)),
    speed(imagesPerSecond.min),
    speed(imagesPerSecond.max),
    (secondsAStep.median * 1000).toPrecision(3),
    rss.after === null ? '' : bytes(rss.after),
  ];
}

function disturbanceText(disturbance: number): string {
  const share = percent(disturbance, 0);
  return `Other processes took ${share} of the cores meanwhile: the figures are too low, the ratios doubtful.`;
}

/** A speed is worth nothing when something else was computed. */
function doubts({ name, difference }: ContestantResult): string[] {
  if (difference === null || difference <= SAME_WORK) return [];
  return [`${name} computed something else: its first results are ${percent(difference)} away from Residua's`];
}

function memoryText({ steps, samples, growthBytes }: MemoryWatch): string {
  const [{ rss: first }] = samples;
  const last = samples[samples.length - 1].rss;
  const growth = `${growthBytes < 0 ? '-' : '+'}${bytes(Math.abs(growthBytes))}`;
  return `memory over ${counted(steps, 'further step')}: ${bytes(first)} to ${bytes(last)} (${growth} after the first tenth)`;
}

function profileText(rows: readonly ProfileRow[], screen: Screen): string {
  const head = ['part of a step', 'times', 'time', 'share', 'GFLOP/s'].map((text) => screen.paint('dim', text));
  const whole = rows.reduce((sum, { seconds }) => sum + seconds, 0);
  const shown = rows.slice(0, LONGEST_PROFILE);
  const others = rows.slice(LONGEST_PROFILE).reduce((sum, { seconds }) => sum + seconds, 0);
  const lines = shown.map(({ name, times, seconds, operations }) => [
    name,
    String(times),
    milliseconds(seconds),
    percent(seconds / whole, 1),
    operations === 0 ? '' : (operations / seconds / 1e9).toFixed(1),
  ]);
  const rest =
    rows.length > shown.length ? [['all others', '', milliseconds(others), percent(others / whole, 1), '']] : [];
  const total = ['in all', '', milliseconds(whole), '', ''];
  const align = ['left', 'right', 'right', 'right', 'right'] as const;
  return table([head, ...lines, ...rest, total], align, columnsOf(screen) - 2);
}

const milliseconds = (seconds: number): string => `${(seconds * 1000).toFixed(3)} ms`;
