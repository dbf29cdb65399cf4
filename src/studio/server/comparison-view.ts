// Comparisons as the studio knows them: folders of `residua compare`, with a run for each network, comparison.json and at the
// end report.html.

import { canSignal, type Owner } from '../../files/lock.node.ts';
import { COMPARISON, COMPARISON_REPORT } from '../../train/compare/compare.node.ts';
import { ownerOfFolder } from '../../train/run/lock.node.ts';
import type { ComparisonView, RunView } from '../protocol.ts';
import type { Job } from './jobs.ts';
import type { Listing } from './run-folders.ts';

interface Parts {
  /** That works on it, or did last; undefined where it was not started here. */
  readonly job: Job | undefined;
  /** Its folder; undefined before there is one. */
  readonly listing: Listing | undefined;
  /** Its runs. */
  readonly members: readonly RunView[];
}

/** @returns undefined where it was stopped before it began */
export async function comparisonView(id: string, parts: Parts): Promise<ComparisonView | undefined> {
  const { job, listing, members } = parts;
  const files = listing?.files ?? new Set();
  const owner = files.has('run.lock') ? await ownerOfFolder(listing!.path) : undefined;
  const state = stateOf(parts, owner);
  if (state === undefined) return undefined;
  const works = state === 'starting' || state === 'running' || state === 'pausing';
  const created = job?.started ?? Math.min(listing?.changed ?? Infinity, ...members.map((run) => run.created));
  return {
    id,
    state,
    problem: state === 'failed' ? job!.problem : null,
    created,
    updated: Math.max(created, ...members.map((run) => run.updated)),
    runs: members.map((run) => run.id),
    hasReport: files.has(COMPARISON_REPORT),
    can: {
      stop: works && state !== 'pausing' && (job?.state === 'running' || (owner !== undefined && canSignal(owner))),
      resume: (state === 'paused' || state === 'interrupted' || state === 'failed') && files.has(COMPARISON),
      remove: !works,
    },
  };
}

function stateOf({ job, listing, members }: Parts, owner: Owner | undefined): ComparisonView['state'] | undefined {
  const begun = listing?.files.has(COMPARISON) ?? false;
  if (job !== undefined && job.state !== 'ended') {
    if (job.state === 'stopping') return 'pausing';
    return begun ? 'running' : 'starting';
  }
  if (owner) return 'running';
  if (job?.problem != null) return 'failed';
  if (!begun) return undefined;
  if (listing!.files.has(COMPARISON_REPORT)) return 'finished';
  return members.some(({ state }) => state === 'interrupted') ? 'interrupted' : 'paused';
}
