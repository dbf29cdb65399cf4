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
    image = dataset.get(index).image;
  } catch {
    return undefined;
  }
  const source = `data:image/png;base64,${Buffer.from(smallPng(image, LARGEST)).toString('base64')}`;
  return { source, small: Math.max(image.width, image.height) <= SMALL };
}

/** A PNG file of an image. @param largest pixels of the longer side at most */
export function smallPng(image: Image, largest: number): Uint8Array {
  return encodePng(shrink(image, largest), { deflate: (bytes) => deflateSync(bytes, { level: 9 }), crc32 });
}

function shrink(image: Image, largest: number): Image {
  const scale = largest / Math.max(image.width, image.height);
  if (scale >= 1) return image;
  const size = [image.height, image.width].map((side) => Math.max(1, Math.round(side * scale)));
  return fromConfig([{ name: 'Resize', size }]).apply(image, randomStream({ seed: 0, purpose: 'augment' })) as Image;
}
