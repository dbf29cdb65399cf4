// The weights of the first convolution, the only ones that can be seen as pictures: what each filter looks for in the image.

import { useEffect, useRef, useState } from 'preact/hooks';
import { networkEngine } from '../engine/clients.ts';
import { strings } from '../i18n/strings.ts';
import { isDark } from '../preferences.ts';
import { largest, paintMap, palette } from './paint-map.ts';

interface Weights {
  readonly name: string;
  /** [out, in, height, width] */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export function FirstWeights({ networkKey }: { networkKey: string }) {
  const { inside } = strings.value;
  const [weights, setWeights] = useState<Weights>();
  useEffect(() => {
    let wanted = true;
    networkEngine.call('firstWeights', { key: networkKey }).then(
      (found) => wanted && setWeights(found),
      () => wanted && setWeights(undefined),
    );
    return () => {
      wanted = false;
    };
  }, [networkKey]);
  if (!weights) return null;
  const [filters, channels, height, width] = weights.shape;
  return (
    <section class="panel">
      <h2>{inside.weights}</h2>
      <p class="soft small">{inside.weightsText(weights.name, filters, channels, height, width)}</p>
      <ul class="map-grid" style={{ '--side': '56px' }}>
        {Array.from({ length: filters }, (_, i) => (
          <Filter key={i} weights={weights} index={i} />
        ))}
      </ul>
    </section>
  );
}

/** One channel: below and above 0. Three: as the colours that it answers to most. */
function Filter({ weights, index }: { weights: Weights; index: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark.value;
  useEffect(() => {
    const [, channels, height, width] = weights.shape;
    const [size, offset] = [height * width, index * channels * height * width];
    if (channels !== 3) {
      const scale = largest(weights.data);
      paintMap(canvas.current!, { values: weights.data, offset, width, height, scale }, palette());
      return;
    }
    const scale = largest(weights.data, offset, 3 * size) || 1;
    const pixels = new ImageData(width, height);
    for (let i = 0; i < size; i++) {
      for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = 127.5 * (1 + weights.data[offset + c * size + i] / scale);
      pixels.data[4 * i + 3] = 255;
    }
    Object.assign(canvas.current!, { width, height }).getContext('2d')!.putImageData(pixels, 0, 0);
  }, [weights, index, dark]);
  return (
    <li title={strings.value.inside.filter(index)}>
      <canvas ref={canvas} />
    </li>
  );
}
