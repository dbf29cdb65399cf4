// The Runs page.

import { EmptyState } from '../components/empty-state.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { strings } from '../i18n/strings.ts';
import { href } from '../router.ts';

export function RunsPage() {
  const { runs, shell } = strings.value;
  return (
    <div class="page">
      <PageTitle title={runs.title} lead={runs.lead} />
      <EmptyState title={shell.noRuns} text={shell.noRunsText}>
        <a class="button primary" href={href('train')}>
          {shell.trainOne}
        </a>
      </EmptyState>
    </div>
  );
}
