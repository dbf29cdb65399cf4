// What the settings on the page come to, asked of whoever would train by them: it knows best what goes together.

import { effect, signal } from '@preact/signals';
import type { ResolvedSettings, RunSettings } from '../../protocol.ts';
import { backend } from '../state/backend.ts';
import { tabRuns } from '../state/tab.ts';
import { form, settings } from './form.ts';

export interface Resolved {
  readonly config: ResolvedSettings['config'];
  /** That starts the same run in a terminal; null where nobody knows. */
  readonly command: string | null;
}

/** The last that was right. */
export const resolved = signal<Resolved | undefined>(undefined);
/** What is wrong with the settings as they are. */
export const refusal = signal<unknown>(undefined);

/** Milliseconds without a change before it is asked. */
const PAUSE = 200;

effect(() => {
  const asked = settings.value;
  const { place } = form.value;
  refusal.value = undefined;
  if (!asked) return;
  const timer = setTimeout(async () => {
    const current = () => settings.peek() === asked && form.peek().place === place;
    try {
      const answer = place === 'tab' ? await inTab(asked) : await backend.resolve(asked);
      if (current()) resolved.value = answer;
    } catch (error) {
      if (current()) refusal.value = error;
    }
  }, PAUSE);
  return () => clearTimeout(timer);
});

/** A terminal comes to the same weights, so its command is of interest here, too. */
async function inTab(asked: RunSettings): Promise<Resolved> {
  const config = await tabRuns.configure(asked);
  const command = backend.kind === 'server' ? backend.resolve(asked).then((answer) => answer.command) : null;
  return { config, command: await Promise.resolve(command).catch(() => null) };
}
