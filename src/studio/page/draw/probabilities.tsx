// How sure the network is of each class: a bar each, in the order of the classes where there are few, else the likeliest. Each is
// a button that asks what speaks for that class.

import { percent } from '../../../format.ts';
import type { LabelProbability } from '../../../train/predict.ts';
import { strings } from '../i18n/strings.ts';

/** More are not shown in their own order. */
const IN_ORDER = 12;
const LIKELIEST = 8;

interface Props {
  readonly classes: readonly string[];
  /** Sorted; undefined while there is nothing to say. */
  readonly probabilities: readonly LabelProbability[] | undefined;
  /** The class explained, by its index. */
  readonly explained: number | undefined;
  onExplain(target: number): void;
}

export function Probabilities({ classes, probabilities, explained, onExplain }: Props) {
  const { draw } = strings.value;
  const known = new Map(probabilities?.map(({ label, probability }) => [label, probability]));
  const inOrder = classes.length <= IN_ORDER;
  const shown = inOrder ? classes : (probabilities ?? []).slice(0, LIKELIEST).map(({ label }) => label);
  const best = probabilities?.[0].label;
  return (
    <ol class={`bars ${classes.some((name) => name.length > 2) ? 'long' : ''}`}>
      {shown.map((label, i) => {
        const probability = known.get(label) ?? 0;
        const index = inOrder ? i : classes.indexOf(label);
        return (
          <li key={inOrder ? label : i}>
            <button
              type="button"
              class={label === best ? 'best' : ''}
              aria-pressed={index === explained}
              disabled={!probabilities}
              title={draw.explainClass(label)}
              onClick={() => onExplain(index)}
            >
              <span class="bar-name">{label}</span>
              <span class="bar-track">
                <i style={{ transform: `scaleX(${probability})` }} />
              </span>
              <span class="bar-value">{probabilities ? percent(probability, 1) : ''}</span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}
