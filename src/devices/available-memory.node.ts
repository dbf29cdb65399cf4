// Bytes that this process can still be given on Node: by the machine, and by its container.

import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

export function availableMemory(): number {
  return Math.min(machineMemory(), addressSpace());
}

function machineMemory(): number {
  // What macOS calls free is what it has not yet found a use for: a small part of what it gives.
  if (process.platform === 'darwin') return totalmem();
  // Beside the container's limit counts what others in the machine have left of it.
  return Math.min(freemem(), process.availableMemory());
}

/** What a limit of the shell (ulimit -v) leaves. */
function addressSpace(): number {
  if (process.platform !== 'linux') return Number.POSITIVE_INFINITY;
  try {
    const limit = /^Max address space +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    if (limit === undefined) return Number.POSITIVE_INFINITY;
    const used = /^VmSize:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return Math.max(0, Number(limit) - 1024 * Number(used ?? 0));
  } catch {
    // No /proc: no limit that could be known.
    return Number.POSITIVE_INFINITY;
  }
}
