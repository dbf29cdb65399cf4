// A ring of batches in shared memory between one thread that fills it (the producer, which may block) and one that reads
// it (the consumer, which never blocks). No lock and no message a batch: two counters say which slots are full.
//
//   slot   0      1      2      3           consumed = 1: the consumer reads slot 1
//        [free] [read] [full] [filling]     produced = 3: the producer fills slot 3
//
// Each epoch is a generation. The consumer asks for one by number; the producer, seeing a number that is not its own,
// gives up what it is at and starts the ring anew, so that an epoch can be left at any time.

/// <reference lib="es2024.sharedmemory" />

import { allocateBatch, type Batch, BatchBuffers, type BatchLayout, type BatchMemory } from './batch.ts';

/** What both threads build their `BatchRing` from; structured clone shares it. */
export interface RingMemory {
  readonly control: SharedArrayBuffer;
  readonly slots: readonly BatchMemory[];
  readonly layout: BatchLayout;
}

// The words of `control`.
const WANTED = 0; // the generation that the consumer wants
const ACTIVE = 1; // the generation that the counters belong to
const PRODUCED = 2; // slots filled
const CONSUMED = 3; // slots read and given back
const FAILED = 4; // 1 when there will be no more batches
const TO_CONSUMER = 5; // counts up when something changed for the consumer: it waits on this word
const TO_PRODUCER = 6;
const WORDS = 7;

export function allocateRing(slots: number, layout: BatchLayout): RingMemory {
  const allocate = (bytes: number) => new SharedArrayBuffer(bytes);
  return {
    control: new SharedArrayBuffer(4 * WORDS),
    slots: Array.from({ length: slots }, () => allocateBatch(layout, allocate)),
    layout,
  };
}

export class BatchRing {
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #slots: readonly BatchBuffers[];

  constructor({ control, slots, layout }: RingMemory) {
    this.#control = new Int32Array(control);
    this.#slots = slots.map((memory) => new BatchBuffers(memory, layout));
  }

  // The producer's side.

  /** Empties the ring for a generation. */
  begin(generation: number): void {
    Atomics.store(this.#control, PRODUCED, 0);
    Atomics.store(this.#control, CONSUMED, 0);
    Atomics.store(this.#control, ACTIVE, generation);
    this.#signal(TO_CONSUMER);
  }

  /** Blocks until a slot is free; undefined when the consumer no longer wants this generation. */
  acquire(generation: number): BatchBuffers | undefined {
    for (;;) {
      const seen = Atomics.load(this.#control, TO_PRODUCER);
      if (Atomics.load(this.#control, WANTED) !== generation) return undefined;
      const produced = Atomics.load(this.#control, PRODUCED);
      if (produced - Atomics.load(this.#control, CONSUMED) < this.#slots.length) {
        return this.#slots[produced % this.#slots.length];
      }
      Atomics.wait(this.#control, TO_PRODUCER, seen);
    }
  }

  /** Hands the acquired slot to the consumer. */
  publish(): void {
    Atomics.add(this.#control, PRODUCED, 1);
    this.#signal(TO_CONSUMER);
  }

  // The consumer's side.

  /** Ends the generation before, if it is still going on. */
  request(generation: number): void {
    Atomics.store(this.#control, WANTED, generation);
    this.#signal(TO_PRODUCER);
  }

  /** The next batch of the generation, or undefined when it is not there yet. */
  peek(generation: number, size: number): Batch | undefined {
    if (Atomics.load(this.#control, ACTIVE) !== generation) return undefined;
    const consumed = Atomics.load(this.#control, CONSUMED);
    if (Atomics.load(this.#control, PRODUCED) === consumed) return undefined;
    return this.#slots[consumed % this.#slots.length].batch(size);
  }

  /** Gives back the slot of the batch that `peek` returned. */
  release(): void {
    Atomics.add(this.#control, CONSUMED, 1);
    this.#signal(TO_PRODUCER);
  }

  /** A number to be taken before looking, and given to `changed` when there was nothing to see. */
  get moment(): number {
    return Atomics.load(this.#control, TO_CONSUMER);
  }

  /** Resolves when something has happened after `moment`. */
  async changed(moment: number): Promise<void> {
    await Atomics.waitAsync(this.#control, TO_CONSUMER, moment).value;
  }

  get failed(): boolean {
    return Atomics.load(this.#control, FAILED) === 1;
  }

  /** There will be no more batches, for the producer has ended; wakes who waits for one. */
  fail(): void {
    Atomics.store(this.#control, FAILED, 1);
    this.#signal(TO_CONSUMER);
  }

  #signal(word: number): void {
    Atomics.add(this.#control, word, 1);
    Atomics.notify(this.#control, word);
  }
}
