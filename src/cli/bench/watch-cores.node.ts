// Who else is using the cores? A share of their time that went to neither the contestants nor this process makes a
// measurement doubtful.

import os from 'node:os';

/**
 * Begins to watch.
 *
 * @returns tells the share of all cores' time since then, 0 to 1, that went to other processes, given the processor seconds
 *   that the contestants took; 0 where the system does not count
 */
export function watchCores(): (contestantSeconds: number) => number {
  const begin = coreSeconds();
  const ownBegin = ownSeconds();
  return (contestantSeconds) => {
    const { busy, all } = coreSeconds();
    const others = busy - begin.busy - contestantSeconds - (ownSeconds() - ownBegin);
    return all > begin.all ? Math.max(0, others / (all - begin.all)) : 0;
  };
}

function coreSeconds(): { busy: number; all: number } {
  let [busy, idle] = [0, 0];
  for (const { times } of os.cpus()) {
    busy += times.user + times.nice + times.sys + times.irq;
    idle += times.idle;
  }
  return { busy: busy / 1000, all: (busy + idle) / 1000 };
}

function ownSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
