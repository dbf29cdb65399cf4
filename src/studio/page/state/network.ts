// The network of one run, open in the worker: what Draw and Look inside work with.

import { useEffect, useState } from 'preact/hooks';
import type { RunView } from '../../protocol.ts';
import { networkEngine } from '../engine/clients.ts';
import type { OpenedNetwork } from '../engine/network-jobs.ts';
import { route, setQuery } from '../router.ts';
import { isOnItsOwn, storeOf, trained } from './runs.ts';

/** An OpenedNetwork, and the key that the worker has it under. */
export interface UsableNetwork extends OpenedNetwork {
  readonly key: string;
}

export type NetworkState =
  | { readonly status: 'loading' }
  | { readonly status: 'failed'; readonly error: unknown; retry(): void }
  | ({ readonly status: 'open' } & UsableNetwork);

/** Of the page: kept while others are looked at. */
let lastChosen: string | undefined;

/**
 * The run that the address names, else the one chosen last, else the newest with a network that was not made to be compared.
 * undefined where there is none.
 */
export function useChosenRun(): readonly [RunView | undefined, (id: string) => void] {
  const candidates = trained.value ?? [];
  const find = (id: string | undefined) => candidates.find((run) => run.id === id);
  const run = find(route.value.query.run) ?? find(lastChosen) ?? candidates.find(isOnItsOwn) ?? candidates[0];
  lastChosen = run?.id ?? lastChosen;
  return [run, (id) => setQuery({ run: id, layer: undefined })];
}

/** A run that goes on changes its network: it is another one then. */
const keyOf = ({ id, result, updated }: RunView) => `${id}@${result?.weightsHash ?? updated}`;

export function useNetwork(run: RunView | undefined): NetworkState {
  const [state, setState] = useState<NetworkState & { readonly of?: string }>({ status: 'loading' });
  const [attempt, setAttempt] = useState(0);
  const key = run && keyOf(run);
  useEffect(() => {
    if (!run || !key) return;
    let wanted = true;
    const finish = (next: NetworkState) => wanted && setState({ ...next, of: key });
    open(run.id, key).then(
      (network) => finish({ status: 'open', key, ...network }),
      (error) => finish({ status: 'failed', error, retry: () => setAttempt((count) => count + 1) }),
    );
    return () => {
      wanted = false;
    };
  }, [key, attempt]);
  return state.of === key ? state : { status: 'loading' };
}

async function open(id: string, key: string): Promise<OpenedNetwork> {
  if (await networkEngine.call('isOpen', { key })) return networkEngine.call('open', { key });
  const bytes = await storeOf(id).model(id);
  return networkEngine.call('open', { key, bytes });
}
