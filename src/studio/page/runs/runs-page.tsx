// The Runs page: a table of all runs, the curves of those that are marked, and everything about one.

import { useEffect, useRef, useState } from 'preact/hooks';
import { NoRuns } from '../components/network-page.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { RunCurves } from '../components/run-curves.tsx';
import { strings } from '../i18n/strings.ts';
import { route } from '../router.ts';
import { isOnItsOwn, runOf, runs } from '../state/runs.ts';
import type { Order } from './run-facts.ts';
import { RunPanel } from './run-panel.tsx';
import './runs.css';
import { RunsTable } from './runs-table.tsx';

/** Marked when nobody has marked any: the newest with something to draw. */
const FIRST_MARKED = 3;

export function RunsPage() {
  const { runs: text } = strings.value;
  const [order, setOrder] = useState<Order>({ column: 'created', descending: true });
  const [chosen, setChosen] = useState<readonly string[]>();
  const everything = runs.value ?? [];
  const open = runOf(route.value.query.run);
  // Networks that were trained to be compared are many, and have a page of their own.
  const own = everything.filter(isOnItsOwn);
  const [compared, setCompared] = useState(false);
  const showsCompared = compared || own.length === 0 || (open !== undefined && !isOnItsOwn(open));
  const all = showsCompared ? everything : own;
  const drawable = all.filter(({ progress }) => progress);
  const marked = (chosen ?? drawable.slice(0, FIRST_MARKED).map(({ id }) => id)).filter((id) => runOf(id));
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (open) panel.current?.scrollIntoView({ block: 'nearest' });
  }, [open?.id]);
  return (
    <div class="page">
      <PageTitle title={text.title} lead={text.lead} />
      {all.length === 0 ? (
        <NoRuns />
      ) : (
        <>
          <RunsTable
            runs={all}
            order={order}
            onOrder={setOrder}
            marked={marked}
            onMark={(id, isMarked) => setChosen(isMarked ? [...marked, id] : marked.filter((other) => other !== id))}
            open={open?.id}
          />
          {own.length > 0 && own.length < everything.length && (
            <label class="check">
              <input
                type="checkbox"
                checked={showsCompared}
                onChange={({ currentTarget }) => setCompared(currentTarget.checked)}
              />
              {text.showCompared(everything.length - own.length)}
            </label>
          )}
          {open && (
            <div ref={panel}>
              <RunPanel run={open} />
            </div>
          )}
          {!open && marked.length > 0 && (
            <section class="panel ready" aria-label={text.curves}>
              <RunCurves runs={marked.map((id) => runOf(id)!)} />
            </section>
          )}
          {!open && marked.length === 0 && <p class="soft">{text.markSome}</p>}
        </>
      )}
    </div>
  );
}
