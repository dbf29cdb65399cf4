// Stopping a long command: the first Ctrl-C asks it to end in order, the second ends it at once. For that, the first one
// gives the signals back to the operating system, which also works while a long step keeps this thread busy.

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGPIPE: 141 } as const;
type Cause = keyof typeof exitCodes;

export interface StopSignal {
  readonly signal: AbortSignal;
  /** What a shell expects of a program that was ended this way: 128 and the signal's number. */
  readonly exitCode: number;
  /** Gives the signals back. */
  dispose(): void;
}

/** Listens for SIGINT, SIGTERM, and for the reader of stdout or stderr going away. */
export function listenForStop(onStop: (cause: Cause) => void): StopSignal {
  const controller = new AbortController();
  let exitCode = 0;
  const stop = (cause: Cause) => {
    dispose();
    exitCode = exitCodes[cause];
    controller.abort();
    onStop(cause);
  };
  const onSignal = (signal: NodeJS.Signals) => stop(signal as Cause);
  const onStreamError = () => stop('SIGPIPE');
  const dispose = () => {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    process.stdout.off('error', onStreamError);
    process.stderr.off('error', onStreamError);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  process.stdout.on('error', onStreamError);
  process.stderr.on('error', onStreamError);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    dispose,
  };
}
