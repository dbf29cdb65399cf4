// Another number of channels: each pixel's vectors are copied as far as there are any on both sides, the rest is zeros. The
// plain version is in devices/reference/channels.ts.

import type { FunctionBuilder } from '../assembler.ts';
import { type Geometry, vectorBytes } from '../geometry.ts';
import type { Emitter } from '../step.ts';
import { type Code, f32x4, i32, i32x4, v128 } from '../wasm.ts';

/** Parameters: x, result, from, to; a unit is an image. */
export function resizeChannels(e: Emitter, x: Geometry, result: Geometry): FunctionBuilder {
  const kept = Math.min(x.c, result.c);
  const whole = Math.floor(kept / 4);
  const rest = kept % 4;
  const empty = result.stored / 4 - Math.ceil(kept / 4);
  return e.module.once('resizeChannels', [x, result], 4, (f, source, target, from, to) => {
    f.for(from, to, (image) => {
      const read = f.let(i32.add(source, x.origin, i32.mul(image, x.imageBytes)));
      const write = f.let(i32.add(target, result.origin, i32.mul(image, result.imageBytes)));
      const store = (value: Code): void => {
        f.emit(v128.store(write, value));
        f.advance(write, vectorBytes);
      };
      f.repeat(x.h, () => {
        f.repeat(x.w, () => {
          if (whole > 0) {
            f.repeat(whole, () => {
              store(v128.load(read));
              f.advance(read, vectorBytes);
            });
          }
          if (rest > 0) {
            const lane = (i: number) => (i < rest ? -1 : 0);
            store(v128.and(v128.load(read), i32x4.const(lane(0), lane(1), lane(2), lane(3))));
          }
          if (empty > 0) f.repeat(empty, () => store(f32x4.const(0)));
          f.advance(read, x.pixelBytes - whole * vectorBytes);
        });
        f.advance(read, x.rowBytes - x.w * x.pixelBytes);
        f.advance(write, result.rowBytes - result.w * result.pixelBytes);
      });
    });
  });
}
