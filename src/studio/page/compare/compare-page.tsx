// The Compare page: comparisons that were made, one of them in full, and the form that starts another one.

import { useState } from 'preact/hooks';
import { EmptyState } from '../components/empty-state.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { strings } from '../i18n/strings.ts';
import { route, setQuery } from '../router.ts';
import { backend } from '../state/backend.ts';
import { comparisons } from '../state/runs.ts';
import './compare.css';
import { ComparisonPanel } from './comparison-panel.tsx';
import { NewComparison } from './new-comparison.tsx';

export function ComparePage() {
  const { compare } = strings.value;
  const [asking, setAsking] = useState(false);
  const all = comparisons.value;
  const chosen = all.find(({ id }) => id === route.value.query.id) ?? all[0];
  const canStart = backend.kind === 'server';
  const started = (id: string) => {
    setAsking(false);
    setQuery({ id });
  };
  return (
    <div class="page">
      <PageTitle title={compare.title} lead={compare.lead}>
        <div class="row">
          {all.length > 1 && (
            <label class="field">
              <span>{compare.comparison}</span>
              <select value={chosen?.id} onChange={({ currentTarget }) => setQuery({ id: currentTarget.value })}>
                {all.map(({ id }) => (
                  <option key={id} value={id} selected={id === chosen?.id}>
                    {id}
                  </option>
                ))}
              </select>
            </label>
          )}
          {canStart && chosen && (
            <button type="button" class="button" aria-expanded={asking} onClick={() => setAsking(!asking)}>
              {compare.another}
            </button>
          )}
        </div>
      </PageTitle>
      {!chosen && (
        <EmptyState title={compare.none} text={canStart ? compare.noneText : compare.noneStatic}>
          {!canStart && <code>npx residua compare</code>}
        </EmptyState>
      )}
      {canStart && (asking || !chosen) && <NewComparison onStarted={started} />}
      {chosen && <ComparisonPanel key={chosen.id} view={chosen} />}
    </div>
  );
}
