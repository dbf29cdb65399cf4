// The layers of a block, in the order in which they run, and what comes out of the block as a whole. One is looked into.

import { count, magnitude } from '../../../format.ts';
import type { PartView } from '../engine/describe-network.ts';
import { strings } from '../i18n/strings.ts';
import { formatShape } from './shapes.ts';

interface Props {
  readonly part: PartView;
  readonly chosen: string;
  onChoose(layer: string): void;
}

export function LayerList({ part, chosen, onChoose }: Props) {
  const { inside } = strings.value;
  const { name, layers, inputShape, outputShape, shortcut, kind } = part;
  const short = (layer: string) => (layer.startsWith(`${name}.`) ? layer.slice(name.length + 1) : layer);
  const entries = layers.map(({ name: own, kind: type, outputShape: shape }) => {
    return { name: own, kind: type, outputShape: shape, title: short(own) };
  });
  if (shortcut !== null) {
    entries.push({
      name,
      kind: inside.sum[shortcut === 'none' ? 'plain' : 'residual'],
      outputShape,
      title: inside.output,
    });
  }
  return (
    <div class="layers">
      <h2>{shortcut === null ? inside.parts[name as 'stem' | 'head'] : name}</h2>
      <p class="soft small">
        {kind} {formatShape(inputShape)} → {formatShape(outputShape)}.{' '}
        {inside.costs(count(part.parameters), magnitude(part.multiplyAdds))}
      </p>
      <ol>
        {entries.map(({ name: layer, kind: layerKind, outputShape: shape, title }) => (
          <li key={layer} class={layer.includes('.downsample.') ? 'around' : ''}>
            <button type="button" aria-pressed={layer === chosen} onClick={() => onChoose(layer)}>
              <b>{title}</b>
              <span class="soft small">{layerKind}</span>
              <span class="soft small number">{formatShape(shape)}</span>
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}
