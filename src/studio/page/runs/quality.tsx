// What a run's network takes for what on the test images, and where it was surest and wrong. The confusion matrix comes with the
// run; which image is behind which cell is measured when it is asked for.

import { useEffect, useState } from 'preact/hooks';
import { percent } from '../../../format.ts';
import type { EvaluationAnswer, RunDetail } from '../../protocol.ts';
import { Problem } from '../components/problem.tsx';
import { RunImage } from '../components/run-image.tsx';
import { strings } from '../i18n/strings.ts';
import { storeOf } from '../state/runs.ts';
import { BehindCell } from './behind-cell.tsx';
import { type Cell, Confusion } from './confusion.tsx';

export function Quality({ detail }: { detail: RunDetail }) {
  const { runs: text } = strings.value;
  const { id, summary, hasModel } = detail;
  const [cell, setCell] = useState<Cell>();
  const [asked, setAsked] = useState(false);
  const { evaluation, error } = useEvaluation(id, asked);
  useEffect(() => {
    setCell(undefined);
    setAsked(false);
  }, [id]);
  const measured = evaluation ?? summary?.test;
  const waiting = asked && !evaluation && error === undefined;
  if (!measured) {
    return (
      <div>
        <p class="soft">{hasModel ? text.notTested : text.noModel}</p>
        {hasModel && (
          <button type="button" class="button" disabled={waiting} onClick={() => setAsked(true)}>
            {waiting ? text.measuring : text.measure}
          </button>
        )}
        {error !== undefined && <Problem error={error} />}
      </div>
    );
  }
  const { confusion, mistakes, perClass } = measured;
  return (
    <>
      {confusion && (
        <section class="quality">
          <h2>{text.confusion}</h2>
          <p class="soft small">{text.confusionText}</p>
          <Confusion
            confusion={confusion}
            classes={perClass.map(({ name }) => name)}
            chosen={cell}
            onChoose={(chosen) => {
              setCell(chosen);
              setAsked(true);
            }}
          />
          <div aria-live="polite">
            {cell && waiting && <p class="soft">{text.measuring}</p>}
            {cell && error !== undefined && <Problem error={error} />}
            {cell && evaluation && <BehindCell run={id} evaluation={evaluation} cell={cell} />}
          </div>
        </section>
      )}
      {mistakes.length > 0 && (
        <section class="quality">
          <h2>{text.worst}</h2>
          <p class="soft small">{text.worstText}</p>
          <ul class="mistakes">
            {mistakes.map(({ index, truth, predicted, probability }) => (
              <li key={index}>
                <RunImage run={id} split="test" index={index} alt={text.image(index, truth.join(', '))} />
                <span class="small">
                  <b>{truth.join(', ') || text.nothing}</b> → <b>{predicted.join(', ') || text.nothing}</b>
                  <br />
                  <span class="soft">{percent(probability, 1)}</span>
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function useEvaluation(id: string, asked: boolean) {
  const [state, setState] = useState<{ of?: string; evaluation?: EvaluationAnswer; error?: unknown }>({});
  useEffect(() => {
    if (!asked) return;
    let wanted = true;
    setState({});
    storeOf(id)
      .evaluation(id)
      .then(
        (evaluation) => wanted && setState({ of: id, evaluation }),
        (error) => wanted && setState({ of: id, error }),
      );
    return () => {
      wanted = false;
    };
  }, [id, asked]);
  return state.of === id ? state : {};
}
