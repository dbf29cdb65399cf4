// One comparison: how far it is, what was claimed and measured, the table, and the twins side by side.

import { useEffect, useState } from 'preact/hooks';
import type { Comparison } from '../../../train/compare/comparison.ts';
import type { ComparisonView } from '../../protocol.ts';
import { Confirm } from '../components/confirm.tsx';
import { Loading } from '../components/network-page.tsx';
import { Problem } from '../components/problem.tsx';
import { StateBadge } from '../components/state-badge.tsx';
import { strings } from '../i18n/strings.ts';
import { setQuery } from '../router.ts';
import { backend } from '../state/backend.ts';
import { Accuracies } from './accuracies.tsx';
import { Claims } from './claims.tsx';
import { activationName, kindsOf } from './kinds.ts';
import { Twins } from './twins.tsx';

export function ComparisonPanel({ view }: { view: ComparisonView }) {
  const [comparison, setComparison] = useState<Comparison | null>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    let wanted = true;
    backend.comparison(view.id).then(
      ({ result }) => {
        if (!wanted) return;
        setComparison(result);
        setError(undefined);
      },
      (reason) => wanted && setError(reason),
    );
    return () => {
      wanted = false;
    };
  }, [view.id, view.updated, view.state]);
  return (
    <>
      <Head view={view} comparison={comparison ?? undefined} />
      {error !== undefined && <Problem error={error} />}
      {comparison === undefined && error === undefined && <Loading />}
      {comparison && <Claims comparison={comparison} />}
      {comparison && <Accuracies id={view.id} comparison={comparison} />}
      {comparison && <SideBySide comparison={comparison} />}
    </>
  );
}

function Head({ view, comparison }: { view: ComparisonView; comparison: Comparison | undefined }) {
  const { compare, runs } = strings.value;
  const [problem, setProblem] = useState<unknown>();
  const [confirming, setConfirming] = useState(false);
  const { id, can, hasReport, state } = view;
  const attempt = (work: Promise<unknown>) => {
    setProblem(undefined);
    work.catch(setProblem);
  };
  const done = comparison?.networks.filter((network) => network.state !== 'waiting').length ?? 0;
  const all = comparison?.networks.length ?? 0;
  return (
    <section class="panel comparison-head" aria-label={id}>
      <div class="row">
        <h2>{id}</h2>
        <StateBadge state={state} />
      </div>
      {comparison && done < all && (
        <p class="progress-line">
          <progress value={done} max={all} aria-label={compare.done(done, all)} />
          <span class="soft small">{compare.done(done, all)}</span>
        </p>
      )}
      {view.problem && <Problem error={view.problem} />}
      {problem !== undefined && <Problem error={problem} />}
      <div class="row">
        {hasReport && (
          <a class="button" href={backend.comparisonReport(id)} target="_blank" rel="noreferrer">
            {runs.report}
          </a>
        )}
        {can.stop && (
          <button type="button" class="button" onClick={() => attempt(backend.stopComparison(id))}>
            {compare.stop}
          </button>
        )}
        {can.resume && (
          <button type="button" class="button" onClick={() => attempt(backend.resumeComparison(id))}>
            {compare.resume}
          </button>
        )}
        {can.remove && (
          <button type="button" class="button danger" onClick={() => setConfirming(true)}>
            {runs.remove}
          </button>
        )}
      </div>
      {confirming && (
        <Confirm
          title={runs.removeTitle(id)}
          text={compare.removeText}
          action={runs.remove}
          onConfirm={() => attempt(backend.removeComparison(id).then(() => setQuery({ id: undefined })))}
          onClose={() => setConfirming(false)}
        />
      )}
    </section>
  );
}

function SideBySide({ comparison }: { comparison: Comparison }) {
  const { compare } = strings.value;
  const kinds = kindsOf(comparison).filter(({ pairs }) =>
    pairs.some(({ plain, residual }) => plain?.curve.length || residual?.curve.length),
  );
  const [chosen, setChosen] = useState<string>();
  const kind = kinds.find(({ id }) => id === chosen) ?? kinds[0];
  if (!kind) return null;
  return (
    <section class="panel">
      <h2>{compare.twins}</h2>
      <p class="soft small">{compare.twinsText}</p>
      <fieldset class="segments">
        <legend class="visually-hidden">{compare.twins}</legend>
        {kinds.map(({ id, activation, batchNorm }) => (
          <label key={id}>
            <input type="radio" name="kind" checked={id === kind.id} onChange={() => setChosen(id)} />
            {activationName(activation)}, {batchNorm ? compare.withNorm : compare.withoutNorm}
          </label>
        ))}
      </fieldset>
      <div class="twins">
        <Twins key={kind.id} kind={kind} />
      </div>
    </section>
  );
}
