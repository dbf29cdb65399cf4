// Work that many ask for and that is done once: whoever comes while it is under way waits for the same result, and the last few
// results are kept. Failures are not.

export class Shared<Value> {
  readonly #kept: number;
  readonly #values = new Map<string, Promise<Value>>();

  /** @param kept how many results */
  constructor(kept: number) {
    this.#kept = kept;
  }

  get(key: string, make: () => Promise<Value>): Promise<Value> {
    const known = this.#values.get(key);
    this.#values.delete(key);
    const value = known ?? make();
    // Last in the order of insertion, and so the last to go.
    this.#values.set(key, value);
    value.catch(() => {
      if (this.#values.get(key) === value) this.#values.delete(key);
    });
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#kept) break;
      this.#values.delete(oldest);
    }
    return value;
  }
}
