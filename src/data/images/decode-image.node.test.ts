// Pictures that libvips has written are decoded here and by libvips: an independent decoder, on every kind of file.

import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp, { type PngOptions, type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { ResiduaError } from '../../errors.ts';
import { readImageHeader } from '../../formats/image-header.ts';
import { decodeImage } from './decode-image.node.ts';

const WIDTH = 37;
const HEIGHT = 23;

/** A picture with edges, slopes and noise. */
function picture(channels: 1 | 2 | 3 | 4): Sharp {
  const pixels = Buffer.alloc(WIDTH * HEIGHT * channels);
  let noise = 1;
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      for (let c = 0; c < channels; c++) {
        noise = (noise * 1103515245 + 12345) >>> 0;
        const slope = (x * 6 + y * 3 * c) % 256;
        pixels[(y * WIDTH + x) * channels + c] = y < 12 ? slope : (slope >> 1) + (noise >>> 26);
      }
    }
  }
  return sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels } });
}

/** What libvips makes of a file, transparency dropped. */
async function oracle(file: Buffer, channels: 1 | 3): Promise<{ width: number; height: number; data: Buffer }> {
  const whole = sharp(file).autoOrient().removeAlpha();
  const { data, info } = await whole
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(channels);
  return { width: info.width, height: info.height, data };
}

function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

const grey = () => picture(1).toColourspace('b-w');
const files: [string, () => Promise<Buffer>, boolean][] = [
  ['png', () => picture(3).png().toBuffer(), false],
  ['png, interlaced', () => picture(3).png({ progressive: true }).toBuffer(), false],
  ['png, grey', () => grey().png().toBuffer(), true],
  ['png, grey, interlaced', () => grey().png({ progressive: true }).toBuffer(), true],
  ['png, grey with alpha', () => picture(2).toColourspace('b-w').png().toBuffer(), true],
  ['png, alpha', () => picture(4).png().toBuffer(), false],
  ['png, palette', () => picture(3).png({ palette: true, colours: 16, dither: 0 }).toBuffer(), false],
  ['png, palette with alpha', () => picture(4).png({ palette: true, colours: 200 }).toBuffer(), false],
  [
    'png, 1 bit',
    () =>
      grey()
        .threshold(100)
        .png({ bitdepth: 1 } as PngOptions)
        .toBuffer(),
    true,
  ],
  ['png, 16 bits', () => picture(3).toColourspace('rgb16').png().toBuffer(), false],
  ['png, grey, 16 bits', () => picture(1).toColourspace('grey16').png().toBuffer(), true],
  ['jpeg', () => picture(3).jpeg({ quality: 90 }).toBuffer(), false],
  ['jpeg, progressive', () => picture(3).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(), false],
  ['jpeg, grey', () => grey().jpeg().toBuffer(), true],
  ['webp', () => picture(3).webp({ quality: 80 }).toBuffer(), false],
  ['webp, lossless', () => picture(3).webp({ lossless: true }).toBuffer(), false],
  ['webp, alpha', () => picture(4).webp({ quality: 80 }).toBuffer(), false],
];

describe('a picture', () => {
  it.each(files)('as %s is what libvips sees', async (_, make, isGrey) => {
    const file = await make();
    const colour = decodeImage(file, 'file', 3);
    const expected = await oracle(file, 3);
    expect([colour.width, colour.height, colour.channels]).toEqual([WIDTH, HEIGHT, 3]);
    expect(difference(colour.data, expected.data)).toBeLessThanOrEqual(1);
    expect(readImageHeader(file, 'file')).toMatchObject({ width: WIDTH, height: HEIGHT, grey: isGrey });
    if (isGrey) expect(difference(decodeImage(file, 'file', 1).data, (await oracle(file, 1)).data)).toBe(0);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('taken in EXIF orientation %i is shown upright', async (orientation) => {
    const file = await picture(3)
      .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
      .withMetadata({ orientation })
      .toBuffer();
    const image = decodeImage(file, 'file', 3);
    const expected = await oracle(file, 3);
    expect([image.width, image.height]).toEqual([expected.width, expected.height]);
    expect(readImageHeader(file, 'file')).toMatchObject({ width: expected.width, height: expected.height });
    expect(difference(image.data, expected.data)).toBeLessThanOrEqual(1);
  });
});

describe('a file', () => {
  const decode = (bytes: Uint8Array) => () => decodeImage(bytes, 'DIR/cat.png', 3);

  it('that is no picture is named, with what it begins with', () => {
    expect(decode(new Uint8Array(0))).toThrow('DIR/cat.png: expected a PNG, JPEG or WebP picture, found an empty file');
    expect(decode(Buffer.from('GIF89a..'))).toThrow('bytes that begin with 47 49 46 38 39 61 2e 2e');
  });

  it.each(['png', 'jpeg', 'webp'] as const)('of %s that is cut short anywhere is refused', async (format) => {
    const file = await picture(3).toFormat(format).toBuffer();
    for (let length = 0; length < file.length - 2; length += 7) {
      expect(decode(file.subarray(0, length)), `${length} bytes`).toThrow(ResiduaError);
    }
  });

  it('that declares more than fits into memory is refused before it is decoded', async () => {
    const png = await picture(3).png().toBuffer();
    png.writeUInt32BE(100_000, 16);
    png.writeUInt32BE(100_000, 20);
    expect(decode(png)).toThrow('declares a picture of 100000 x 100000 pixels; at most 50 megapixels');
    const jpeg = await picture(3).jpeg().toBuffer();
    const frame = jpeg.indexOf(Buffer.of(0xff, 0xc0));
    jpeg.writeUInt16BE(65_535, frame + 5);
    jpeg.writeUInt16BE(65_535, frame + 7);
    expect(decode(jpeg)).toThrow('65535 x 65535');
    const webp = await picture(3).webp({ lossless: true }).toBuffer();
    webp.writeUInt32LE(0x0fff_ffff, 21);
    expect(decode(webp)).toThrow('16384 x 16384');
  });

  it('of PNG with one wrong byte says where', async () => {
    const file = await picture(3).png().toBuffer();
    file[file.indexOf('IDAT') + 30] ^= 4;
    expect(decode(file)).toThrow('DIR/cat.png: the picture is damaged: IDAT has a wrong checksum');
  });

  it('in CMYK or animated is refused with what to do', async () => {
    const cmyk = await picture(3).toColourspace('cmyk').jpeg().toBuffer();
    expect(decode(cmyk)).toThrow('a JPEG with 4 channels (CMYK) cannot be decoded');
    const pages = Buffer.alloc(8 * 16 * 3, 100).fill(200, 0, 8 * 8 * 3);
    const animated = await sharp(pages, { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } as never })
      .webp({ loop: 0, delay: [100, 100] })
      .toBuffer();
    expect(decode(animated)).toThrow('an animated WebP is not one picture');
  });

  it.each(['png', 'jpeg', 'webp'] as const)('of %s with any bytes changed is decoded or refused', async (format) => {
    const file = await picture(3).toFormat(format).toBuffer();
    const change = fc.tuple(fc.nat(file.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const changed = Buffer.from(file);
        for (const [place, byte] of changes) changed[place] = byte;
        try {
          const { width, height, data } = decode(changed)();
          expect(data.length).toBe(3 * width * height);
        } catch (error) {
          expect(error).toBeInstanceOf(ResiduaError);
        }
      }),
      { numRuns: 300 },
    );
    // Thousands of damaged files have done the decoder no harm.
    expect(difference(decode(file)().data, (await oracle(file, 3)).data)).toBeLessThanOrEqual(1);
  });

  it('of PNG whose chunks are made up, with right checksums, is decoded or refused in bounded time and memory', async () => {
    const file = await picture(3).png().toBuffer();
    const chunk = (type: string, data: Uint8Array) => {
      const body = Buffer.concat([Buffer.from(type), data]);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(data.length);
      const sum = Buffer.alloc(4);
      sum.writeUInt32BE(crc32(body));
      return Buffer.concat([length, body, sum]);
    };
    const header = (width: number, height: number, ...rest: number[]) => {
      const data = Buffer.alloc(13);
      data.writeUInt32BE(width, 0);
      data.writeUInt32BE(height, 4);
      data.set(rest, 8);
      return chunk('IHDR', data);
    };
    const small = fc.nat(40);
    const property = fc.property(
      fc.tuple(small, small),
      fc.tuple(
        fc.constantFrom(1, 2, 4, 8, 16, 3),
        fc.nat(7),
        fc.constantFrom(0, 0, 1),
        fc.constantFrom(0, 0, 1),
        fc.nat(2),
      ),
      fc.array(
        fc.tuple(
          fc.constantFrom('PLTE', 'tRNS', 'IDAT', 'iCCP', 'gAMA', 'acTL', 'IEND'),
          fc.uint8Array({ maxLength: 60 }),
        ),
      ),
      fc.uint8Array({ maxLength: 3000 }),
      ([width, height], rest, others, pixels) => {
        const chunks = others.map(([type, data]) => chunk(type, data));
        const parts = [
          file.subarray(0, 8),
          header(width, height, ...rest),
          ...chunks,
          chunk('IDAT', deflateSync(pixels)),
        ];
        try {
          expect(decode(Buffer.concat([...parts, chunk('IEND', Buffer.alloc(0))]))().width).toBe(width);
        } catch (error) {
          expect(error).toBeInstanceOf(ResiduaError);
        }
      },
    );
    fc.assert(property, { numRuns: 500 });

    // What becomes a thousand times as much, of which the picture needs 3 bytes: as large as is let through, and larger.
    const bomb = deflateSync(Buffer.alloc(2 ** 26));
    expect(bomb.length).toBeLessThan(65_536);
    const start = [file.subarray(0, 8), header(1, 1, 8, 2, 0, 0, 0), chunk('IDAT', bomb)];
    const end = chunk('IEND', Buffer.alloc(0));
    expect(decode(Buffer.concat([...start, chunk('IDAT', bomb), end]))).toThrow('more than uncompressed ones');
    const before = process.memoryUsage().rss;
    try {
      decode(Buffer.concat([...start, end]))();
    } catch (error) {
      expect(error).toBeInstanceOf(ResiduaError);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 25);
    expect(difference(decode(file)().data, (await oracle(file, 3)).data)).toBe(0);
  });

  it('of JPEG with more scans than any encoder makes is refused', async () => {
    const file = await picture(3).jpeg({ progressive: true }).toBuffer();
    const scan = file.lastIndexOf(Buffer.of(0xff, 0xda));
    const many = Buffer.concat([file.subarray(0, -2), ...Array(300).fill(file.subarray(scan, -2)), file.subarray(-2)]);
    expect(decode(many)).toThrow('more than 200 scans');
  });
});
