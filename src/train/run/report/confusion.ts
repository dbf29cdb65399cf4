// The confusion matrix: a table of coloured cells for few classes, a map of dots for many, and the most frequent confusions
// in words. A class's images are a row, so colours are shares of the row; the mistakes' are stretched, since a good model has
// few.

import { count } from '../../../format.ts';
import type { Evaluation } from '../../evaluate.ts';
import { type Html, html } from './html.ts';

/** Above, numbers in cells cannot be read. */
const LARGEST_TABLE = 20;
/** Above, a map has millions of cells. */
const LARGEST_MAP = 400;
const LISTED = 10;
/** Of the full colour, so that text on it can be read. */
const DEEPEST = 52;

type Matrix = readonly (readonly number[])[];

export function confusionSection({ confusion, perClass }: Evaluation): Html | null {
  if (confusion === null) return null;
  const names = perClass.map(({ name }) => name);
  const isMap = names.length > LARGEST_TABLE && names.length <= LARGEST_MAP;
  const drawing = names.length <= LARGEST_TABLE ? matrix(confusion, names) : isMap ? map(confusion, names) : null;
  return html`<section aria-labelledby="confusion">
<h2 id="confusion">What is taken for what</h2>
<p class="muted">Rows are what an image is, columns what it is taken for: right answers are on the diagonal.${isMap ? ' Rest the pointer on a square to read it.' : ''}</p>
<div class="beside">${drawing}${frequent(confusion, names)}</div>
</section>`;
}

function matrix(confusion: Matrix, names: readonly string[]): Html {
  const long = names.some((name) => name.length > 4) ? ' long' : '';
  const rows = confusion.map((row, truth) => {
    const total = row.reduce((sum, images) => sum + images, 0);
    const cells = row.map((images, predicted) => cell(images, total, truth === predicted));
    return html`<tr><th scope="row">${names[truth]}</th>${cells}</tr>\n`;
  });
  const head = names.map((name) => html`<th scope="col"><span>${name}</span></th>`);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">
<table class="confusion${long}"><thead><tr><td></td>${head}</tr></thead><tbody>
${rows}</tbody></table></div>`;
}

function cell(images: number, total: number, right: boolean): Html {
  if (images === 0) return html`<td class="none">·</td>`;
  const share = right ? images / total : Math.sqrt(images / total);
  return html`<td class="${right ? 'right' : 'wrong'}" style="--share:${(8 + (DEEPEST - 8) * share).toFixed(0)}%">${count(images)}</td>`;
}

/** A square an entry that is not 0; what it means is told when the pointer rests on it. */
function map(confusion: Matrix, names: readonly string[]): Html {
  const squares = confusion.flatMap((row, truth) => {
    const total = row.reduce((sum, images) => sum + images, 0);
    return row.map((images, predicted) => {
      if (images === 0) return null;
      const right = truth === predicted;
      const depth = right ? images / total : Math.sqrt(images / total);
      const colour = right ? 'var(--blue)' : 'var(--red)';
      const place = html`x="${predicted}" y="${truth}" width="1" height="1"`;
      const title = right
        ? `${names[truth]}: ${count(images)} of ${count(total)} right`
        : `${names[truth]}: ${count(images)} of ${count(total)} taken for ${names[predicted]}`;
      return html`<rect ${place} fill="${colour}" fill-opacity="${(0.1 + 0.9 * depth).toFixed(2)}"><title>${title}</title></rect>`;
    });
  });
  const size = names.length;
  return html`<svg class="map" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges" role="img" aria-label="Confusion matrix of ${size} classes">${squares}</svg>`;
}

function frequent(confusion: Matrix, names: readonly string[]): Html {
  const wrong = confusion
    .flatMap((row, truth) => row.map((images, predicted) => ({ truth, predicted, images })))
    .filter(({ truth, predicted, images }) => truth !== predicted && images > 0)
    .sort((a, b) => b.images - a.images);
  const total = wrong.reduce((sum, { images }) => sum + images, 0);
  if (total === 0) return html`<div><h3>No mistakes</h3></div>`;
  const items = wrong
    .slice(0, LISTED)
    .map(
      ({ truth, predicted, images }) =>
        html`<li><span>${names[truth]} taken for ${names[predicted]}</span><b>${count(images)}</b></li>\n`,
    );
  return html`<div><h3>${count(total)} ${total === 1 ? 'mistake' : 'mistakes'}, the most frequent first</h3><ul class="list">${items}</ul></div>`;
}
