// Small pictures of a data set's images, as data URIs of PNG files.

import { crc32, deflateSync } from 'node:zlib';
import { type Dataset, fromConfig, type Image } from '../../../data/index.ts';
import { encodePng } from '../../../formats/png-encoder.ts';
import { randomStream } from '../../../tensor/random.ts';
import type { Thumbnail } from './report.ts';

/** Pixels of the longer side at most. */
const LARGEST = 160;
/** Up to here pixels are shown as squares. */
const SMALL = 64;

/** @returns undefined for an image that cannot be read any more: a report is written without it */
export function thumbnail(dataset: Dataset, index: number): Thumbnail | undefined {
  let image: Image;
  try {
    image = shrink(dataset.get(index).image);
  } catch {
    return undefined;
  }
  const png = encodePng(image, { deflate: (bytes) => deflateSync(bytes, { level: 9 }), crc32 });
  const source = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
  return { source, small: Math.max(image.width, image.height) <= SMALL };
}

function shrink(image: Image): Image {
  const scale = LARGEST / Math.max(image.width, image.height);
  if (scale >= 1) return image;
  const size = [image.height, image.width].map((side) => Math.max(1, Math.round(side * scale)));
  return fromConfig([{ name: 'Resize', size }]).apply(image, randomStream({ seed: 0, purpose: 'augment' })) as Image;
}
