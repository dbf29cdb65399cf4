// The cpu device on Node: its threads are worker threads.

import type { Device } from '../device.ts';

export async function createNodeCpuDevice(options: { threads?: number; strict?: boolean }): Promise<Device> {
  throw new Error(`not there yet: ${JSON.stringify(options)}`);
}
