// The beginning of a PNG, JPEG or WebP file: what it is, how large the picture is that it declares, and whether it has
// colours. Read before anything is decoded, so that a small file cannot make a decoder ask for all of the memory.

import { ResiduaError } from '../errors.ts';
import { readExifOrientation } from './exif.ts';

export interface ImageHeader {
  readonly format: 'png' | 'jpeg' | 'webp';
  /** Pixels, as the picture is to be shown: a photograph taken upright has them exchanged (EXIF orientation). */
  readonly width: number;
  readonly height: number;
  /** One channel besides transparency. */
  readonly grey: boolean;
}

/** The largest picture that is decoded, in pixels: 50 megapixels, 200 MB as RGBA. */
export const MOST_PIXELS = 50_000_000;

/** More passes over a progressive JPEG than this are no picture but an attack; encoders make about ten. */
const MOST_SCANS = 200;

/** The file may be right, but more of its bytes are needed. */
export class HeaderCutShort extends ResiduaError {}

/**
 * @param bytes the file, or its beginning
 * @param source how to call the file in errors
 * @throws HeaderCutShort when more bytes are needed, ResiduaError when it is none of the formats or too large
 */
export function readImageHeader(bytes: Uint8Array, source: string): ImageHeader {
  const reader = headerReader(bytes);
  if (reader === undefined) {
    const found = bytes.length === 0 ? 'an empty file' : `bytes that begin with ${hex(bytes.subarray(0, 8))}`;
    throw new ResiduaError(`${source}: expected a PNG, JPEG or WebP picture, found ${found}`, {
      hint: 'Convert the picture, get the file again, or remove it.',
    });
  }
  const header = reader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), source);
  const { width, height } = header;
  if (width === 0 || height === 0) throw damaged(source, `declares a picture of ${width} x ${height} pixels`);
  if (width * height > MOST_PIXELS) {
    throw new ResiduaError(
      `${source}: declares a picture of ${width} x ${height} pixels; at most ${MOST_PIXELS / 1e6} megapixels are decoded`,
      { hint: 'Make the picture smaller, or remove the file.' },
    );
  }
  return header;
}

type HeaderReader = (view: DataView, source: string) => ImageHeader;

function headerReader(bytes: Uint8Array): HeaderReader | undefined {
  const begins = (at: number, ...expected: number[]) => expected.every((byte, i) => bytes[at + i] === byte);
  if (begins(0, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return readPng;
  if (begins(0, 0xff, 0xd8, 0xff)) return readJpeg;
  if (begins(0, 0x52, 0x49, 0x46, 0x46) && begins(8, 0x57, 0x45, 0x42, 0x50)) return readWebp;
  return undefined;
}

/** PNG (ISO 15948): the signature, then IHDR: width, height, bit depth, colour type, ... */
const readPng: HeaderReader = (view, source) => {
  need(view, 33, source);
  if (view.getUint32(8) !== 13 || view.getUint32(12) !== 0x49484452) throw damaged(source, 'does not begin with IHDR');
  const colourType = view.getUint8(25);
  return {
    format: 'png',
    width: view.getUint32(16),
    height: view.getUint32(20),
    grey: colourType === 0 || colourType === 4,
  };
};

/** JPEG (ITU T.81): marker segments up to the frame header (SOF), which has the size; EXIF stands in APP1 before it. */
const readJpeg: HeaderReader = (view, source) => {
  let turned = false;
  let at = 2;
  for (;;) {
    need(view, at + 4, source);
    if (view.getUint8(at) !== 0xff) throw damaged(source, `has no marker at byte ${at}, where one must stand`);
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++; // a fill byte
      continue;
    }
    const length = view.getUint16(at + 2);
    if (length < 2) throw damaged(source, `has a segment of ${length} bytes at byte ${at}`);
    if (isFrame(marker)) {
      need(view, at + 10, source);
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      const components = view.getUint8(at + 9);
      if (components !== 1 && components !== 3) {
        throw new ResiduaError(`${source}: a JPEG with ${components} channels (CMYK) cannot be decoded`, {
          hint: 'Convert the picture to RGB.',
        });
      }
      const [shownWidth, shownHeight] = turned ? [height, width] : [width, height];
      return { format: 'jpeg', width: shownWidth, height: shownHeight, grey: components === 1 };
    }
    if (marker === 0xda || marker === 0xd9) throw damaged(source, 'has no frame header before its data');
    if (marker === 0xe1) {
      need(view, at + 2 + length, source);
      turned = readExifOrientation(view, at + 4, at + 2 + length) >= 5;
    }
    at += 2 + length;
  }
};

/** SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC). */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** WebP (RFC 9649): a RIFF file whose first chunk is VP8X (extended), VP8 (lossy) or VP8L (lossless). */
const readWebp: HeaderReader = (view, source) => {
  need(view, 30, source);
  const chunk = view.getUint32(12);
  const three = (at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  const header = (width: number, height: number): ImageHeader => ({ format: 'webp', width, height, grey: false });
  if (chunk === 0x56503858) {
    if (view.getUint8(20) & 0x02) {
      throw new ResiduaError(`${source}: an animated WebP is not one picture`, { hint: 'Take one frame out of it.' });
    }
    return header(1 + three(24), 1 + three(27));
  }
  if (chunk === 0x56503820) {
    if (three(23) !== 0x2a019d) throw damaged(source, 'has no key frame');
    return header(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff);
  }
  if (chunk === 0x5650384c) {
    if (view.getUint8(20) !== 0x2f) throw damaged(source, 'has no lossless signature');
    const bits = view.getUint32(21, true);
    return header(1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff));
  }
  throw damaged(source, 'is a RIFF file without a WebP picture');
};

/**
 * Refuses a JPEG that would be decoded for hours: each scan of a progressive file goes over the whole picture again.
 *
 * @param bytes the whole file
 */
export function checkScans(bytes: Uint8Array, source: string): void {
  let scans = 0;
  // Within compressed data 0xff is followed by 0 or by a restart marker, never by 0xda.
  for (let at = bytes.indexOf(0xff); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === 0xda && ++scans > MOST_SCANS) {
      throw damaged(source, `has more than ${MOST_SCANS} scans`);
    }
  }
}

function need(view: DataView, length: number, source: string): void {
  if (view.byteLength >= length) return;
  throw new HeaderCutShort(`${source}: the picture is cut short after ${view.byteLength} bytes`, {
    hint: 'Get the file again, or remove it.',
  });
}

function damaged(source: string, what: string): ResiduaError {
  return new ResiduaError(`${source}: the picture is damaged: it ${what}`, {
    hint: 'Get the file again, or remove it.',
  });
}

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
