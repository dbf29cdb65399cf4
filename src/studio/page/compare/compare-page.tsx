// The Compare page.

import { EmptyState } from '../components/empty-state.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { strings } from '../i18n/strings.ts';
import { href } from '../router.ts';

export function ComparePage() {
  const { compare, shell } = strings.value;
  return (
    <div class="page">
      <PageTitle title={compare.title} lead={compare.lead} />
      <EmptyState title={shell.noRuns} text={shell.noRunsText}>
        <a class="button primary" href={href('train')}>
          {shell.trainOne}
        </a>
      </EmptyState>
    </div>
  );
}
