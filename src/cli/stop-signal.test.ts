import { afterEach, describe, expect, it } from 'vitest';
import { listenForStop, type StopSignal } from './stop-signal.ts';

const listeners = () => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');

describe('listenForStop', () => {
  const before = listeners();
  let stop: StopSignal;
  afterEach(() => stop.dispose());

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s aborts, and the exit code is %i', (signal, exitCode) => {
    const causes: string[] = [];
    stop = listenForStop((cause) => causes.push(cause));
    expect(stop.signal.aborted).toBe(false);
    expect(stop.exitCode).toBe(0);
    process.emit(signal, signal);
    expect(stop.signal.aborted).toBe(true);
    expect(stop.exitCode).toBe(exitCode);
    expect(causes).toEqual([signal]);
  });

  it('gives signals back after the first one, so that a second one ends the program', () => {
    stop = listenForStop(() => {});
    expect(listeners()).toBe(before + 2);
    process.emit('SIGINT', 'SIGINT');
    expect(listeners()).toBe(before);
  });
});
