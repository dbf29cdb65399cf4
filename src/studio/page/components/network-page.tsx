// What Draw and Look inside have in common: the choice of a run, its network being opened, and what is shown where there is none.

import type { ComponentChildren } from 'preact';
import type { RunView } from '../../protocol.ts';
import { strings } from '../i18n/strings.ts';
import { href } from '../router.ts';
import { type UsableNetwork, useChosenRun, useNetwork } from '../state/network.ts';
import { connected, runs } from '../state/runs.ts';
import { EmptyState } from './empty-state.tsx';
import { PageTitle } from './page-title.tsx';
import { Problem } from './problem.tsx';
import { RunSelect } from './run-select.tsx';

interface Props {
  readonly title: string;
  readonly lead: string;
  /** With the network of a run. */
  readonly children: (run: RunView, network: UsableNetwork) => ComponentChildren;
}

export function NetworkPage({ title, lead, children }: Props) {
  const [run, choose] = useChosenRun();
  const network = useNetwork(run);
  return (
    <div class="page">
      <PageTitle title={title} lead={lead}>
        {run && <RunSelect chosen={run} onChoose={choose} />}
      </PageTitle>
      {!run && <NoRuns />}
      {run && network.status === 'loading' && <Loading />}
      {network.status === 'failed' && <Problem error={network.error} retry={network.retry} />}
      {run && network.status === 'open' && children(run, network)}
    </div>
  );
}

export function Loading() {
  return (
    <p class="soft" role="status">
      {strings.value.shell.loading}
    </p>
  );
}

/** Nothing is trained; or it is not known yet. */
export function NoRuns() {
  const { shell } = strings.value;
  if (runs.value === undefined) return connected.value ? <Loading /> : <Problem error={shell.noServer} />;
  const busy = runs.value.some(({ state }) => state === 'running' || state === 'starting');
  return (
    <EmptyState title={busy ? shell.notYet : shell.noRuns} text={busy ? shell.notYetText : shell.noRunsText}>
      <a class="button primary" href={href('train')}>
        {busy ? shell.watch : shell.trainOne}
      </a>
    </EmptyState>
  );
}
