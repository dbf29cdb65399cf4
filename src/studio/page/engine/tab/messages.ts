// What workers that train tell all tabs of this page, and what tabs tell them: on one channel, so that a run may be watched and
// paused in another tab than its own.

import type { StepProgress } from '../../../../train/index.ts';
import type { StudioEvent } from '../../../protocol.ts';

/** What a run is doing, some times a second. */
export type TabProgress =
  | { readonly doing: 'preparing' }
  | ({ readonly doing: 'training' } & StepProgress)
  | { readonly doing: 'validating' | 'testing'; readonly images: number; readonly of: number };

export type TabMessage =
  | Extract<StudioEvent, { readonly type: 'metrics' | 'run-removed' }>
  | { readonly type: 'progress'; readonly id: string; readonly progress: TabProgress }
  /** Something that its owner should know. One sentence. */
  | { readonly type: 'message'; readonly id: string; readonly text: string }
  /** The run's files have changed, or its lock: look again. */
  | { readonly type: 'changed'; readonly id: string }
  /** To whoever trains it. */
  | { readonly type: 'pause'; readonly id: string };

/** Why a run ended before its end, as its folder keeps it. */
export interface Problem {
  readonly message: string;
  readonly hint?: string;
}

export const CHANNEL = 'residua runs';

/** Ids of the tab's runs begin with this, as no folder's name does. */
export const TAB_PREFIX = 'tab:';

export const idOf = (name: string): string => `${TAB_PREFIX}${name}`;
export const nameOf = (id: string): string => id.slice(TAB_PREFIX.length);
