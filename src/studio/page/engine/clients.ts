// The page's ends of its workers. A worker starts with the first call.

import { WorkerClient } from './rpc.ts';
import type { jobs } from './worker.ts';

const start = (name: string) => () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name });

/** Predicts, explains and shows layers. */
export const networkEngine = new WorkerClient<typeof jobs>(start('residua networks'));

/** Trains. */
export const trainingEngine = new WorkerClient<typeof jobs>(start('residua training'));
