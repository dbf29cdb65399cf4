// Server-sent events: what the store tells, to each page that listens. A page that reads too slowly is let go instead of being
// kept in memory; it connects again by itself, and begins with a snapshot.

import type { StudioEvent } from '../protocol.ts';
import { RequestError } from './request-error.ts';
import type { RunStore } from './run-store.ts';

/** A browser opens one for each tab. */
const MOST_LISTENERS = 256;

/** Bytes that may wait for a reader, and for how many milliseconds more may: a long log is told at once. */
const MOST_WAITING = 8 * 2 ** 20;
const PATIENCE = 10_000;

/** Milliseconds between signs of life: a connection whose other end is gone is noticed when something is sent. */
const HEARTBEAT = 15_000;

export class EventStreams {
  readonly #store: RunStore;
  readonly #open = new Set<() => void>();
  /** The last event and its bytes: it is the same for all listeners. */
  #encoded: { event: StudioEvent; bytes: Uint8Array } | undefined;

  constructor(store: RunStore) {
    this.#store = store;
  }

  /** How many listen. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * @param hangUp ends the connection
   * @throws RequestError where too many listen already
   */
  open(hangUp: () => void): ReadableStream<Uint8Array> {
    if (this.#open.size >= MOST_LISTENERS) throw new RequestError('busy', `${this.#open.size} pages are open already`);
    let end = () => {};
    return new ReadableStream<Uint8Array>(
      {
        start: async (controller) => {
          let unsubscribe = () => {};
          let ended = false;
          let late: number | undefined;
          const send = (bytes: Uint8Array) => {
            if (ended) return;
            controller.enqueue(bytes);
            late = controller.desiredSize! < -MOST_WAITING ? (late ?? performance.now()) : undefined;
            if (late !== undefined && performance.now() - late > PATIENCE) end();
          };
          const heartbeat = setInterval(() => send(encode(': \n\n')), HEARTBEAT).unref();
          end = () => {
            if (ended) return;
            ended = true;
            clearInterval(heartbeat);
            unsubscribe();
            this.#open.delete(end);
            hangUp();
          };
          this.#open.add(end);
          send(encode('retry: 1000\n\n'));
          try {
            unsubscribe = await this.#store.subscribe((event) => send(this.#bytesOf(event)));
            if (ended) unsubscribe();
          } catch {
            end();
          }
        },
        cancel: () => end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 2 ** 16 }),
    );
  }

  close(): void {
    for (const end of this.#open) end();
  }

  #bytesOf(event: StudioEvent): Uint8Array {
    if (this.#encoded?.event !== event) {
      this.#encoded = { event, bytes: encode(`data: ${JSON.stringify(event)}\n\n`) };
    }
    return this.#encoded.bytes;
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
