// Connected components: pixels of a mask that touch each other, by a side or a corner.

export interface Component {
  readonly pixels: readonly number[];
  /** How many of them lie on the edge of the picture. */
  readonly onEdge: number;
}

/** @param mask height * width values, nonzero where the mask is */
export function components(mask: Uint8Array, width: number, height: number): Component[] {
  const rest = Uint8Array.from(mask);
  const found: Component[] = [];
  for (let seed = 0; seed < rest.length; seed++) {
    if (rest[seed] === 0) continue;
    rest[seed] = 0;
    const pixels = [seed];
    let onEdge = 0;
    // The list grows while it is gone through: whatever is appended is visited, too.
    for (let i = 0; i < pixels.length; i++) {
      const [x, y] = [pixels[i] % width, Math.floor(pixels[i] / width)];
      if (x === 0 || y === 0 || x === width - 1 || y === height - 1) onEdge++;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const neighbour = ny * width + nx;
          if (rest[neighbour] === 0) continue;
          rest[neighbour] = 0;
          pixels.push(neighbour);
        }
      }
    }
    found.push({ pixels, onEdge });
  }
  return found;
}
