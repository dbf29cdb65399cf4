// What a run does at the moment, in a word, with a mark that does not depend on colour alone.

import type { RunState } from '../../protocol.ts';
import { strings } from '../i18n/strings.ts';
import './state-badge.css';

export function StateBadge({ state }: { state: RunState }) {
  return <span class={`badge ${state}`}>{strings.value.shell.states[state]}</span>;
}
