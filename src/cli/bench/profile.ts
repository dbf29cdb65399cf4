// Where the time of a step goes: its parts, those of one name added up, the slowest first.

import type { StepTime } from '../../devices/device.ts';

export interface ProfileRow extends StepTime {
  /** How often a part of this name runs in one step. */
  readonly times: number;
}

export function profileRows(parts: readonly StepTime[]): ProfileRow[] {
  const rows = new Map<string, ProfileRow>();
  for (const { name, seconds, operations } of parts) {
    const row = rows.get(name) ?? { name, times: 0, seconds: 0, operations: 0 };
    rows.set(name, {
      name,
      times: row.times + 1,
      seconds: row.seconds + seconds,
      operations: row.operations + operations,
    });
  }
  return [...rows.values()].sort((a, b) => b.seconds - a.seconds);
}
