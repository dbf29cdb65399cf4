import { afterEach, describe, expect, it, vi } from 'vitest';
import { detectFeatures } from './features.ts';
import { prepareV8 } from './v8-flags.node.ts';

prepareV8();

/** A module with one function of no parameters, encoded by hand: the body's bytes end with `end`. */
function handWritten(result: number, ...body: number[]): Uint8Array<ArrayBuffer> {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const signature = [1, 5, 1, 0x60, 0, 1, result];
  const code = [10, body.length + 4, 1, body.length + 2, 0, ...body, 0x0b];
  return Uint8Array.from([...header, ...signature, 3, 2, 1, 0, ...code]);
}

const zero = [0x41, 0];
const zeros = [...zero, 0xfd, 0x11]; // i32x4.splat

describe('detectFeatures', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('agrees with modules encoded by hand', () => {
    const { simd, relaxedSimd } = detectFeatures();
    expect(simd).toBe(WebAssembly.validate(handWritten(0x7b, ...zeros)));
    expect(relaxedSimd).toBe(WebAssembly.validate(handWritten(0x7b, ...zeros, ...zeros, ...zeros, 0xfd, 0x85, 2)));
  });

  it('finds all that any supported Node has', () => {
    expect(detectFeatures()).toMatchObject({ simd: true, relaxedSimd: true, threads: true });
  });

  it('finds no threads where a page may not share memory', () => {
    vi.stubGlobal('crossOriginIsolated', false);
    expect(detectFeatures().threads).toBe(false);
  });

  it('claims no fused multiplication without relaxed SIMD', () => {
    vi.stubGlobal('WebAssembly', { ...WebAssembly, validate: () => false });
    const none = { simd: false, relaxedSimd: false, fusedMultiplyAdd: false, wideVectors: false, threads: false };
    expect(detectFeatures()).toEqual(none);
  });
});

describe('prepareV8', () => {
  it('sets flags once and says which', () => {
    const flags = prepareV8();
    expect(flags).toContain('--no-liftoff');
    expect(flags.includes('--experimental-wasm-relaxed-simd')).toBe(process.versions.node.startsWith('20.'));
    expect(prepareV8()).toBe(flags);
  });
});
