// The whole network from left to right, a line a stage: all blocks of a stage have the same shape.

import { magnitude } from '../../../format.ts';
import type { NetworkDescription, StageView } from '../engine/describe-network.ts';
import { strings } from '../i18n/strings.ts';
import { BlockTile } from './block-tile.tsx';
import { formatShape } from './shapes.ts';

interface Props {
  readonly network: NetworkDescription;
  /** The name of a part. */
  readonly chosen: string | undefined;
  onChoose(name: string): void;
}

export function Diagram({ network, chosen, onChoose }: Props) {
  const { inside } = strings.value;
  const { stages, inputShape, parameters, multiplyAdds } = network;
  const forms = new Set(stages.flatMap(({ parts }) => parts.map(({ shortcut }) => shortcut)));
  return (
    <section class="panel" aria-label={inside.network}>
      <div class="diagram-head">
        <h2>{inside.network}</h2>
        <p class="soft small">
          {inside.totals(formatShape(inputShape), magnitude(parameters), magnitude(multiplyAdds))}
        </p>
      </div>
      <ol class="diagram">
        {stages.map((stage) => (
          <Stage key={stage.name} stage={stage} chosen={chosen} onChoose={onChoose} />
        ))}
      </ol>
      <ul class="diagram-legend small soft">
        {(['identity', '1x1', '3x3', 'pad', 'none'] as const)
          .filter((form) => forms.has(form))
          .map((form) => (
            <li key={form}>
              <i class={`form-${form}`} /> {inside.forms[form]}
            </li>
          ))}
      </ul>
    </section>
  );
}

function Stage({ stage, chosen, onChoose }: { stage: StageView } & Omit<Props, 'network'>) {
  const { inside } = strings.value;
  const { name, parts } = stage;
  const isStage = parts[0].shortcut !== null;
  return (
    <li>
      <div class="stage-name">
        <b>{isStage ? name : inside.parts[name as 'stem' | 'head']}</b>
        <span class="soft small">{formatShape(parts.at(-1)!.outputShape)}</span>
      </div>
      <div class="tiles">
        {parts.map((part) => (
          <BlockTile key={part.name} part={part} isChosen={part.name === chosen} onChoose={() => onChoose(part.name)} />
        ))}
      </div>
    </li>
  );
}
