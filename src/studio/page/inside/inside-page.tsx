// The Inside page.

import { EmptyState } from '../components/empty-state.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { strings } from '../i18n/strings.ts';
import { href } from '../router.ts';

export function InsidePage() {
  const { inside, shell } = strings.value;
  return (
    <div class="page">
      <PageTitle title={inside.title} lead={inside.lead} />
      <EmptyState title={shell.noRuns} text={shell.noRunsText}>
        <a class="button primary" href={href('train')}>
          {shell.trainOne}
        </a>
      </EmptyState>
    </div>
  );
}
