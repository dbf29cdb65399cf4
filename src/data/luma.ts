// Grey from colours, as PIL computes it: ITU-R 601-2 luma, L = 0.299 R + 0.587 G + 0.114 B, in 16 bits of fraction.

/** @param red, green, blue 0 to 255 @returns 0 to 255 */
export function luma(red: number, green: number, blue: number): number {
  return (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
}
