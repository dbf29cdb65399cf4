// The Train page: what a run is begun with on the left, a run as it goes on the right. The run shown is in the address; without,
// the newest one that trains, or that did when it was watched.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Catalogue, RunView } from '../../protocol.ts';
import { EmptyState } from '../components/empty-state.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { Problem } from '../components/problem.tsx';
import { strings } from '../i18n/strings.ts';
import { route, setQuery } from '../router.ts';
import { backend } from '../state/backend.ts';
import { runOf, runs } from '../state/runs.ts';
import { LiveRun } from './live-run.tsx';
import { SettingsForm } from './settings-form.tsx';
import './train.css';

const isActive = ({ state }: RunView) => state === 'starting' || state === 'running' || state === 'pausing';

export function TrainPage() {
  const { train } = strings.value;
  const active = (runs.value ?? []).filter(isActive);
  const watched = useRef<string | undefined>(undefined);
  const place = useRef<HTMLDivElement>(null);
  const stopped = useRef<string | undefined>(undefined);
  // A run that has ended stays where it was watched; one that was stopped here goes at once.
  const wanted = active.find(({ id }) => id !== stopped.current);
  const shown = runOf(route.value.query.run) ?? wanted ?? runOf(watched.current);
  watched.current = shown?.id;
  const watch = (run: string) => {
    setQuery({ run });
    // On a phone it is below the form.
    if (place.current!.getBoundingClientRect().top > innerHeight / 2) place.current!.scrollIntoView();
  };
  const stopWatching = (id: string) => {
    stopped.current = id;
    watched.current = undefined;
    setQuery({ run: undefined });
  };
  return (
    <div class="page">
      <PageTitle title={train.title} lead={train.lead} />
      <div class="train">
        <Settings onStarted={watch} />
        <div class="watch" ref={place}>
          <Active runs={active} shown={shown} />
          {shown ? (
            <LiveRun key={shown.id} run={shown} onStopped={() => stopWatching(shown.id)} />
          ) : (
            <EmptyState title={train.watch} text={train.watchEmpty} />
          )}
        </div>
      </div>
    </div>
  );
}

function Settings({ onStarted }: { onStarted: (id: string) => void }) {
  const { shell } = strings.value;
  const [catalogue, setCatalogue] = useState<Catalogue>();
  const [problem, setProblem] = useState<unknown>();
  const load = () => {
    setProblem(undefined);
    backend.catalogue().then(setCatalogue, setProblem);
  };
  useEffect(load, []);
  if (problem !== undefined) return <Problem error={problem} retry={load} />;
  if (!catalogue) return <p class="soft">{shell.loading}</p>;
  return <SettingsForm catalogue={catalogue} onStarted={onStarted} />;
}

/** A way to each run that trains, where there is more than the one shown. */
function Active({ runs, shown }: { runs: readonly RunView[]; shown: RunView | undefined }) {
  const { train } = strings.value;
  if (runs.length === 0 || (runs.length === 1 && runs[0] === shown)) return null;
  return (
    <nav class="row" aria-label={train.active}>
      <span class="soft small">{train.active}</span>
      {runs.map(({ id, name }) => (
        <button
          type="button"
          key={id}
          class="button small"
          aria-pressed={id === shown?.id}
          onClick={() => setQuery({ run: id })}
        >
          {name}
        </button>
      ))}
    </nav>
  );
}
