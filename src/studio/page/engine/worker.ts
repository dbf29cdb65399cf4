// The engine's worker: everything that computes, away from the page's thread. Two of them run at most, of this one file: one
// answers what a visitor does (networkEngine in clients.ts), the other trains, and keeps nobody waiting.

import { networkJobs } from './network-jobs.ts';
import { serveJobs } from './rpc.ts';
import { trainingJobs } from './training-jobs.ts';

export const jobs = { ...networkJobs, ...trainingJobs };

serveJobs(jobs);
