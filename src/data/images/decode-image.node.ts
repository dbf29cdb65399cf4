// From the bytes of a PNG, JPEG or WebP file to an image in one or three channels. Transparency is dropped, as torchvision's
// loader does; grey is made of colours as PIL makes it (ITU-R 601-2 luma); photographs are turned upright.

import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { ResiduaError } from '../../errors.ts';
import { checkScans, readImageHeader } from '../../formats/image-header.ts';
import { essentialPng } from '../../formats/png-chunks.ts';
import type { Image } from '../image.ts';
import { luma } from '../luma.ts';
import { createImageCodecs, DecoderError, type ImageCodecs, type RgbaImage } from './codecs.node.ts';

/** 1: grey; 3: red, green, blue. */
export type Channels = 1 | 3;

/** One for the whole thread: the decoders keep some megabytes. */
let codecs: ImageCodecs | undefined;

/**
 * @param source how to call the file in errors
 * @throws ResiduaError that names the file when it is no picture, damaged, or larger than 50 megapixels
 */
export function decodeImage(bytes: Uint8Array, source: string, channels: Channels): Image {
  const { format } = readImageHeader(bytes, source);
  const file = format === 'png' ? essentialPng(bytes, source, crc32) : bytes;
  if (format === 'jpeg') checkScans(bytes, source);
  codecs ??= createImageCodecs();
  let decoded: RgbaImage;
  try {
    decoded = codecs[format](file);
  } catch (error) {
    if (!(error instanceof DecoderError)) throw error;
    throw new ResiduaError(`${source}: the picture is damaged: ${error.message}`, {
      hint: 'Get the file again, or remove it.',
      cause: error,
    });
  }
  return channels === 1 ? toGrey(decoded) : toColour(decoded);
}

/** Reads and decodes a file. @throws ResiduaError that names it */
export function readImage(path: string, channels: Channels): Image {
  return decodeImage(readImageFile(path), path, channels);
}

/** @throws ResiduaError that names the file when it cannot be read */
export function readImageFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new ResiduaError(`there is no ${path}`, { cause: error });
    throw new ResiduaError(`cannot read ${path}: ${message}`, {
      hint: 'Make the file readable, or remove it.',
      cause: error,
    });
  }
}

function toColour({ width, height, data }: RgbaImage): Image {
  const pixels = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; to < pixels.length; from += 4, to += 3) {
    pixels[to] = data[from];
    pixels[to + 1] = data[from + 1];
    pixels[to + 2] = data[from + 2];
  }
  return { width, height, channels: 3, data: pixels };
}

function toGrey({ width, height, data }: RgbaImage): Image {
  const pixels = new Uint8Array(width * height);
  for (let from = 0, to = 0; to < pixels.length; from += 4, to++) {
    pixels[to] = luma(data[from], data[from + 1], data[from + 2]);
  }
  return { width, height, channels: 1, data: pixels };
}
