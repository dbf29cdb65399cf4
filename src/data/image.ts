// The two forms of an image on its way into a network: bytes as a decoder gives them, and numbers as a network takes
// them. ToTensor leads from the first to the second.

/** Bytes in rows of interleaved channels (height, width, channels), like a PIL image. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** height * width * channels values; the channel runs fastest. */
  readonly data: Uint8Array;
}

/** Float32 in planes (channels, height, width), like a PyTorch tensor of one image. */
export interface FloatImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** channels * height * width values; the column runs fastest. */
  readonly data: Float32Array;
}

/** Channels, height, width. */
export type ImageShape = readonly [number, number, number];

/** Of images that may differ in size: channels, and height and width or null where they vary. */
export type InputShape = readonly [number, number | null, number | null];

/** Whether all images of this shape have one size. */
export function isFixed(shape: InputShape): shape is ImageShape {
  return shape[1] !== null && shape[2] !== null;
}

export function isFloatImage(image: Image | FloatImage): image is FloatImage {
  return image.data instanceof Float32Array;
}
