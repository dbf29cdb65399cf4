// Decoders compiled to WebAssembly: mozjpeg, libwebp, and Rust's png. Each is compiled when the first file of its kind
// comes, and works synchronously. After an error a C decoder is thrown away and made anew: it may have left anything in its
// memory.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import mozjpeg from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import { decode as decodePng, type InitOutput, initSync } from '@jsquash/png/codec/pkg/squoosh_png.js';
import libwebp from '@jsquash/webp/codec/dec/webp_dec.js';

/** Rows of red, green, blue, alpha bytes. */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** What a decoder says that it could not do. */
export class DecoderError extends Error {}

export interface ImageCodecs {
  /** Turned as EXIF says. */
  jpeg(bytes: Uint8Array): RgbaImage;
  webp(bytes: Uint8Array): RgbaImage;
  /** 16 bits a channel become 8: the upper ones. */
  png(bytes: Uint8Array): RgbaImage;
}

/** A module that Emscripten wrote. Its factory runs to the end when the code is at hand; the promise is of no use then. */
interface EmscriptenDecoder {
  decode?(bytes: Uint8Array, preserveOrientation?: boolean): RgbaImage | null;
}

const CUT_SHORT = /premature end/i;

export function createImageCodecs(): ImageCodecs {
  const jpeg = emscripten(mozjpeg, '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');
  const webp = emscripten(libwebp, '@jsquash/webp/codec/dec/webp_dec.wasm');
  let png: InitOutput | undefined;
  return {
    jpeg: (bytes) => jpeg(bytes, true),
    webp: (bytes) => webp(bytes),
    png: (bytes) => {
      png ??= initSync(compile('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'));
      const stack = png.__wbindgen_add_to_stack_pointer(0);
      try {
        return decodePng(bytes);
      } catch (error) {
        // An error leaves the stack where it was thrown.
        png.__wbindgen_add_to_stack_pointer(stack - png.__wbindgen_add_to_stack_pointer(0));
        throw new DecoderError('the compressed pixels are not right', { cause: error });
      }
    },
  };
}

function emscripten(
  factory: (options: object) => unknown,
  file: string,
): (bytes: Uint8Array, ...options: [] | [boolean]) => RgbaImage {
  let code: WebAssembly.Module | undefined;
  let decoder: EmscriptenDecoder | undefined;
  const said: string[] = [];
  const start = (): EmscriptenDecoder => {
    code ??= compile(file);
    const module: EmscriptenDecoder = {};
    const say = (message: string) => void said.push(message);
    const instantiateWasm = (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => {
      const instance = new WebAssembly.Instance(code!, imports);
      done(instance);
      return instance.exports;
    };
    factory(Object.assign(module, { noInitialRun: true, print: say, printErr: say, instantiateWasm }));
    return module;
  };
  return (bytes, ...options) => {
    decoder ??= start();
    said.length = 0;
    try {
      const image = decoder.decode!(bytes, ...options);
      // libjpeg fills what is missing with grey and only mentions it.
      const complaint = said.find((message) => CUT_SHORT.test(message));
      if (image && complaint === undefined) return image;
      throw new DecoderError(complaint ?? 'the compressed pixels are not right');
    } catch (error) {
      decoder = undefined;
      throw error instanceof DecoderError
        ? error
        : new DecoderError(said.at(-1) ?? 'the compressed pixels are not right', { cause: error });
    }
  };
}

const require = createRequire(import.meta.url);

function compile(file: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(require.resolve(file)));
}
