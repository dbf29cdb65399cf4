// What is taken for what: rows are what an image is, columns what it is taken for. Each cell is a button that shows the images
// behind it. Of many classes the most frequent confusions are listed instead.

import { count } from '../../../format.ts';
import { strings } from '../i18n/strings.ts';

export interface Cell {
  readonly truth: number;
  readonly predicted: number;
}

interface Props {
  /** [true class][predicted class], in images. */
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly string[];
  readonly chosen: Cell | undefined;
  onChoose(cell: Cell): void;
}

/** Above, cells are too small to be met. */
const LARGEST_TABLE = 20;
const LISTED = 12;

export function Confusion(props: Props) {
  return (
    <div class="confusion-parts">
      {props.classes.length <= LARGEST_TABLE && <Matrix {...props} />}
      <Frequent {...props} />
    </div>
  );
}

function Matrix({ confusion, classes, chosen, onChoose }: Props) {
  const { runs: text } = strings.value;
  const long = classes.some((name) => name.length > 3);
  return (
    <section class="scroll" aria-label={text.confusion}>
      <table class={`confusion ${long ? 'long' : ''}`}>
        <thead>
          <tr>
            <td />
            {classes.map((name) => (
              <th key={name} scope="col">
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {confusion.map((row, truth) => {
            const total = row.reduce((sum, images) => sum + images, 0);
            return (
              <tr key={classes[truth]}>
                <th scope="row">{classes[truth]}</th>
                {row.map((images, predicted) => (
                  <td key={classes[predicted]}>
                    {images === 0 ? (
                      <span class="soft">·</span>
                    ) : (
                      <button
                        type="button"
                        class={`cell ${truth === predicted ? 'hit' : 'miss'}`}
                        style={{ '--share': `${shade(images / total, truth === predicted)}%` }}
                        aria-pressed={chosen?.truth === truth && chosen.predicted === predicted}
                        aria-label={text.takenFor(classes[truth], classes[predicted], count(images))}
                        onClick={() => onChoose({ truth, predicted })}
                      >
                        {count(images)}
                      </button>
                    )}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** A class's images are a row. Mistakes are few in a good network: their shades are stretched. */
const shade = (share: number, isRight: boolean) => Math.round(6 + 36 * (isRight ? share : Math.sqrt(share)));

function Frequent({ confusion, classes, chosen, onChoose }: Props) {
  const { runs: text } = strings.value;
  const wrong = confusion
    .flatMap((row, truth) => row.map((images, predicted) => ({ truth, predicted, images })))
    .filter(({ truth, predicted, images }) => truth !== predicted && images > 0)
    .sort((a, b) => b.images - a.images);
  const total = wrong.reduce((sum, { images }) => sum + images, 0);
  return (
    <div class="frequent">
      <h3>{text.mistakesInAll(count(total), total)}</h3>
      <ol>
        {wrong.slice(0, LISTED).map(({ truth, predicted, images }) => (
          <li key={`${truth} ${predicted}`}>
            <button
              type="button"
              class="frequent-item"
              aria-pressed={chosen?.truth === truth && chosen.predicted === predicted}
              onClick={() => onChoose({ truth, predicted })}
            >
              <span>{text.takenForShort(classes[truth], classes[predicted])}</span>
              <b>{count(images)}</b>
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}
