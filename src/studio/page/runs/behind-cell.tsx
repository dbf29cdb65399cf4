// The test images behind one cell of the confusion matrix, those of which the network was surest first.

import { useEffect, useState } from 'preact/hooks';
import { percent } from '../../../format.ts';
import type { EvaluationAnswer } from '../../protocol.ts';
import { RunImage } from '../components/run-image.tsx';
import { strings } from '../i18n/strings.ts';
import type { Cell } from './confusion.tsx';

/** At first, and then each time more are asked for. */
const STEP = 60;

interface Props {
  readonly run: string;
  readonly evaluation: EvaluationAnswer;
  readonly cell: Cell;
}

export function BehindCell({ run, evaluation, cell: { truth, predicted } }: Props) {
  const { runs: text } = strings.value;
  const [shown, setShown] = useState(STEP);
  useEffect(() => setShown(STEP), [run, truth, predicted]);
  const { predictions, classes } = evaluation;
  if (!predictions) return null;
  const images = predictions.labels
    .map((label, index) => ({
      index,
      label,
      predicted: predictions.predicted[index],
      probability: predictions.probabilities[index],
    }))
    .filter((image) => image.label === truth && image.predicted === predicted)
    .sort((a, b) => b.probability - a.probability);
  return (
    <div>
      <h3>{text.takenFor(classes[truth], classes[predicted], String(images.length))}</h3>
      <ul class="images">
        {images.slice(0, shown).map(({ index, probability }) => (
          <li key={index}>
            <RunImage run={run} split="test" index={index} alt={text.image(index, classes[truth])} />
            <span class="soft small">{percent(probability, 0)}</span>
          </li>
        ))}
      </ul>
      {images.length > shown && (
        <button type="button" class="button small" onClick={() => setShown(shown + STEP)}>
          {text.more(images.length - shown)}
        </button>
      )}
    </div>
  );
}
