// What one layer puts out for the picture: a small map a channel; behind the pooling one number a channel, as a strip.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { FeatureMap } from '../../../explain/index.ts';
import { percent } from '../../../format.ts';
import { strings } from '../i18n/strings.ts';
import { isDark } from '../preferences.ts';
import { largest, paintMap, palette } from './paint-map.ts';

/** At first; the rest on demand. */
const SHOWN = 64;

export function Maps({ map }: { map: FeatureMap }) {
  const { inside } = strings.value;
  const [all, setAll] = useState(false);
  const [own, setOwn] = useState(false);
  const { channels, height, width, data } = map;
  const isVector = height * width === 1;
  const zeros = data.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0) / data.length;
  const negative = data.some((value) => value < 0);
  const shown = all ? channels : Math.min(channels, SHOWN);
  useEffect(() => setAll(false), [map.name]);
  return (
    <div class="maps">
      <p class="soft small" role="status">
        {isVector ? inside.vector(channels) : inside.maps(channels, height, width)} {inside.range(...rangeOf(data))}{' '}
        {zeros > 0.005 && inside.zeros(percent(zeros, 0))}
      </p>
      {isVector ? (
        <Strip map={map} />
      ) : (
        <ul class="map-grid" style={{ '--side': `${sideOf(map)}px` }}>
          {Array.from({ length: shown }, (_, channel) => (
            <MapPicture key={channel} map={map} channel={channel} own={own} />
          ))}
        </ul>
      )}
      <div class="row">
        {!isVector && (
          <label class="check small">
            <input type="checkbox" checked={own} onChange={({ currentTarget }) => setOwn(currentTarget.checked)} />
            {inside.ownScale}
          </label>
        )}
        {shown < channels && !isVector && (
          <button type="button" class="button small" onClick={() => setAll(true)}>
            {inside.showAll(channels)}
          </button>
        )}
        <Key negative={negative} />
      </div>
    </div>
  );
}

function rangeOf(data: Float32Array): [string, string] {
  let [low, high] = [data[0], data[0]];
  for (const value of data) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low.toPrecision(3), high.toPrecision(3)];
}

/** Few maps are shown large; small ones smaller, though never as small as they are. */
const sideOf = ({ channels, width }: FeatureMap) => (channels <= 16 ? 104 : width >= 28 ? 84 : width >= 14 ? 64 : 56);

function MapPicture({ map, channel, own }: { map: FeatureMap; channel: number; own: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark.value;
  useEffect(() => {
    const { height, width, data } = map;
    const [offset, size] = [channel * height * width, height * width];
    const scale = own ? largest(data, offset, size) : largest(data);
    paintMap(canvas.current!, { values: data, offset, width, height, scale }, palette());
  }, [map, channel, own, dark]);
  return (
    <li title={strings.value.inside.channel(channel)}>
      <canvas ref={canvas} />
    </li>
  );
}

function Strip({ map }: { map: FeatureMap }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark.value;
  const columns = Math.min(map.channels, 32);
  const rows = Math.ceil(map.channels / columns);
  useEffect(() => {
    const values = new Float32Array(columns * rows);
    values.set(map.data);
    const scale = largest(map.data);
    paintMap(canvas.current!, { values, offset: 0, width: columns, height: rows, scale }, palette());
  }, [map, dark]);
  return <canvas class="strip" ref={canvas} style={{ aspectRatio: `${columns} / ${rows}` }} />;
}

function Key({ negative }: { negative: boolean }) {
  const { inside } = strings.value;
  return (
    <span class="map-key small soft">
      {negative && inside.below}
      <i class={negative ? 'signed' : ''} />
      {inside.above}
    </span>
  );
}
