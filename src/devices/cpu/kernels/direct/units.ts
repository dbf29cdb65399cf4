// How a correlation is cut into units: as much work as some tens of microseconds take, enough units for all threads, and the
// weights of a unit small enough for the second cache level. It depends on the shape alone.

import { cutRows, linesFor, vectorsFor, type Width } from '../tile.ts';
import type { Correlation } from './correlation.ts';
import { vectorsOfSection } from './sections.ts';
import type { WeightLayout } from './weights.ts';

/** Unit u does the pixels of part u % parts, and of the groups of output channels those of piece floor(u / parts). */
export interface Division {
  readonly units: number;
  readonly parts: number;
  readonly groups: number;
  readonly groupsAUnit: number;
  readonly images: number;
  /** Of a part, which is either whole images or rows of one. */
  readonly imagesAUnit: number;
  /** Rows of a part, in each of several correlations. */
  readonly rows: number;
  readonly rowChunks: number;
}

/** In multiply-adds; a core does some 25 in a nanosecond. */
const unitWork = 1e6;
const smallestUnitWork = 50e3;
const fewestUnits = 32;
/** Half of a second cache level of 512 KiB. */
const cachedWeightBytes = 256 * 1024;
/** Each part is a row of partial channel sums, which one thread adds up. */
const maximumStatisticsParts = 128;

/** Multiply-adds of a unit, where all of it is so much. */
export const workOfUnit = (total: number): number =>
  Math.min(unitWork, Math.max(smallestUnitWork, total / fewestUnits));

/** The vectors of output channels that are computed at a time: a group. */
export function vectorsAGroup({ rows, columns, vectors, section }: Correlation, width: Width): number {
  const most = vectorsFor(rows * columns, width);
  return section ? vectorsOfSection(most, section.vectors, vectors / section.vectors) : most;
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, Math.round(value)));

/**
 * Pixels are divided for groups of vectors that have a register each, even where two share one: channel sums are sums of
 * sums over parts, which must not depend on it.
 */
export function divide(shapes: readonly Correlation[], weights: WeightLayout, statistics: boolean): Division {
  const { images, vectors } = shapes[0];
  const vectorsATime = vectorsAGroup(shapes[0], 1);
  const pieces = Math.ceil(vectors / vectorsATime);
  const allRows = Math.max(...shapes.map(({ rows }) => rows));
  const total = shapes.reduce((sum, shape) => sum + workOf(shape), 0);
  const target = Math.max(workOfUnit(total), statistics ? total / maximumStatisticsParts : 0);

  // A unit of fewer rows would have to do with small tiles.
  const lines = Math.max(...shapes.map(({ columns }) => linesOf(columns, vectorsATime)));
  const pieceReadBytes = weights.groupReadBytes * (vectorsATime / weights.vectorsAGroup);
  const wantedChunks = Math.max(
    Math.ceil((pieces * pieceReadBytes) / cachedWeightBytes),
    // Where there are few rows, channels are what threads can share.
    Math.ceil(Math.min(fewestUnits, total / target) / (images * Math.ceil(allRows / lines))),
  );
  const piecesAUnit = Math.ceil(pieces / Math.min(pieces, wantedChunks));
  const imageWork = (total / images) * (piecesAUnit / pieces);
  const isLarge = imageWork > target;
  const wantedLines = (allRows * target) / imageWork / lines;
  const rows = isLarge ? clamp(lines * Math.max(1, Math.round(wantedLines)), 1, allRows) : allRows;
  const imagesAUnit = isLarge ? 1 : clamp(target / imageWork, 1, images);
  const rowChunks = Math.ceil(allRows / rows);
  const parts = Math.ceil(images / imagesAUnit) * rowChunks;

  const groups = Math.ceil(vectors / weights.vectorsAGroup);
  const groupsAUnit = Math.max(1, Math.round((piecesAUnit * vectorsATime) / weights.vectorsAGroup));
  const units = parts * Math.ceil(groups / groupsAUnit);
  return { units, parts, groups, groupsAUnit, images, imagesAUnit, rows, rowChunks };
}

function linesOf(columns: number, vectors: number): number {
  const { rest } = cutRows(columns, vectors, 1);
  return rest > 0 ? linesFor(rest, vectors, 1) : 1;
}

const workOf = ({ images, rows, columns, taps, channels, vectors }: Correlation): number =>
  images * rows * columns * Math.max(1, taps[0] * taps[1] * channels) * vectors * 4;
