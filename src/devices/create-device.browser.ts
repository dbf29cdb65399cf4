// The device that a user names, in a browser. 'auto' takes the fastest that the page may use.

import { UsageError } from '../errors.ts';
import { createBrowserCpuDevice } from './cpu/device.browser.ts';
import type { Device } from './device.ts';

export type DeviceName = 'auto' | 'cpu';

export interface DeviceOptions {
  /**
   * At most so many threads, the number of cores by default. The device has one where memory can't be shared with workers and
   * on a page's main thread. Results don't depend on it.
   */
  readonly threads?: number;
  /** Avoids relaxed SIMD: the same bits on every machine, and slower. false by default. */
  readonly strict?: boolean;
}

/** @throws UsageError where there is no such device here */
export async function createDevice(name: DeviceName = 'auto', options: DeviceOptions = {}): Promise<Device> {
  if (name !== 'auto' && name !== 'cpu') {
    throw new UsageError(`there is no device '${name}' in a browser`, { hint: "Use 'auto' or 'cpu'." });
  }
  return createBrowserCpuDevice(options);
}
