// Between the library's images and the browser's pictures.

import type { Image } from '../../../data/image.ts';
import { ResiduaError } from '../../../errors.ts';
import type { Picture } from '../engine/network-jobs.ts';

/** For an <img>. */
export function imageAddress(image: Image): string {
  const canvas = document.createElement('canvas');
  paintImage(canvas, image);
  return canvas.toDataURL();
}

/** The canvas gets the image's size; CSS enlarges it. */
export function paintImage(canvas: HTMLCanvasElement, { width, height, channels, data }: Image): void {
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = data[channels * i + (channels === 1 ? 0 : c)];
    pixels.data[4 * i + 3] = 255;
  }
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
}

/** Longest side that a picture keeps: no network here sees more of it. */
const LONGEST = 512;

/**
 * The pixels of an image file or address. Where it is transparent it lies on white paper.
 *
 * @throws ResiduaError where the browser can't read it
 */
export async function readPicture(source: Blob | string): Promise<Picture> {
  const decode = async () =>
    createImageBitmap(typeof source === 'string' ? await load(source) : source, { colorSpaceConversion: 'none' });
  const bitmap = await decode().catch((cause) => {
    throw new ResiduaError('this file is not an image that the browser can read', {
      hint: 'PNG, JPEG and WebP are.',
      cause,
    });
  });
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

async function load(address: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}
