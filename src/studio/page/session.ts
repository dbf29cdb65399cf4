// What this tab alone remembers, over a reload. A browser may refuse to keep anything: then it lasts as long as the page.

const inMemory = new Map<string, string>();

export function recall(name: string): string | null {
  try {
    return sessionStorage.getItem(`residua.${name}`) ?? inMemory.get(name) ?? null;
  } catch {
    return inMemory.get(name) ?? null;
  }
}

/** @param value null to forget it */
export function remember(name: string, value: string | null): void {
  if (value === null) inMemory.delete(name);
  else inMemory.set(name, value);
  try {
    if (value === null) sessionStorage.removeItem(`residua.${name}`);
    else sessionStorage.setItem(`residua.${name}`, value);
  } catch {
    // It is in memory.
  }
}
