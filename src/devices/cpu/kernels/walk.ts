// How a pass walks over memory. Seen from a pass, every operand is a base address and three strides (images, rows, columns);
// an operand that is repeated along an axis has stride 0 there. Axes that lie behind one another in every operand are
// joined, so tensors without halo are one long row, and channels join in where no operand needs them apart.
//
// The walk is cut into slabs: some rows of one image (or some pixels, where all is one row), which are a unit of work or what
// channel sums are added up over in float32.

import type { View } from '../../../compiler/view.ts';
import { type Geometry, vectorBytes } from '../geometry.ts';

/** An operand as a walk sees it; all strides in bytes. */
export interface Track {
  readonly origin: number;
  readonly image: number;
  readonly row: number;
  readonly column: number;
  /** From one vector of channels to the next; 0 for one number for all channels. */
  readonly block: number;
}

export interface Walk {
  readonly images: number;
  readonly rows: number;
  readonly columns: number;
  /** Vectors of channels at each pixel. */
  readonly blocks: number;
  readonly tracks: readonly Track[];
  /** A slab is this many columns of one row where there is only one row, else this many whole rows. */
  readonly slab: number;
  readonly slabsPerImage: number;
}

const slabBytes = 20 * 1024;

/** One number for all elements. */
export const isScalar = ({ image, row, column, block }: Track): boolean => image + row + column + block === 0;

function trackOf(view: View, g: Geometry): Track {
  const stride = (own: number, whole: number, bytes: number) => (own === 1 && whole > 1 ? 0 : bytes);
  return {
    origin: g.origin,
    image: stride(g.n, view.n, g.imageBytes),
    row: stride(g.h, view.h, g.rowBytes),
    column: stride(g.w, view.w, g.pixelBytes),
    block: stride(g.c, view.c, vectorBytes),
  };
}

/** @param joinChannels false where channels must be told apart (channel sums, dropout) */
export function planWalk(view: View, geometries: readonly Geometry[], joinChannels: boolean): Walk {
  let { n: images, h: rows, w: columns } = view;
  let blocks = Math.ceil(view.c / 4);
  let tracks = geometries.map((g) => trackOf(view, g));
  if (images > 1 && tracks.every(({ image, row }) => rows === 1 || image === rows * row)) {
    if (rows === 1) tracks = tracks.map((track) => ({ ...track, row: track.image }));
    rows *= images;
    images = 1;
  }
  if (rows > 1 && tracks.every(({ row, column }) => columns === 1 || row === columns * column)) {
    if (columns === 1) tracks = tracks.map((track) => ({ ...track, column: track.row }));
    columns *= rows;
    rows = 1;
  }
  const joins = (track: Track) => track.block > 0 && (columns === 1 || track.column === blocks * vectorBytes);
  const separable = joinChannels && view.c % 4 === 0 && rows * images === 1;
  if (separable && blocks > 1 && tracks.every((track) => isScalar(track) || joins(track))) {
    columns *= blocks;
    blocks = 1;
    tracks = tracks.map((track) => ({ ...track, column: track.block }));
  }
  const unitBytes = (rows === 1 ? 1 : columns) * blocks * vectorBytes * Math.max(1, tracks.length);
  const cut = rows === 1 ? columns : rows;
  const fits = Math.max(1, Math.floor(slabBytes / unitBytes));
  // A multiple of so many lets that many columns be computed at a time.
  const multiple = joinChannels ? 8 : 4;
  const slab = Math.min(cut, rows === 1 ? Math.ceil(fits / multiple) * multiple : fits);
  return { images, rows, columns, blocks, tracks, slab, slabsPerImage: Math.ceil(cut / slab) };
}
