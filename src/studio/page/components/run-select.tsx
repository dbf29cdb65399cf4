// The choice of a run whose network is used.

import { percent } from '../../../format.ts';
import type { RunView } from '../../protocol.ts';
import { strings } from '../i18n/strings.ts';
import { trained } from '../state/runs.ts';

export function RunSelect({ chosen, onChoose }: { chosen: RunView | undefined; onChoose: (id: string) => void }) {
  const all = trained.value ?? [];
  const groups = [...new Set(all.map(({ group }) => group))].filter((group) => group !== null);
  const options = (of: string | null) =>
    all
      .filter(({ group }) => group === of)
      .map((run) => (
        <option key={run.id} value={run.id} selected={run.id === chosen?.id}>
          {describe(run)}
        </option>
      ));
  return (
    <label class="field">
      <span>{strings.value.shell.run}</span>
      <select value={chosen?.id} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
        {options(null)}
        {groups.map((group) => (
          <optgroup key={group} label={group}>
            {options(group)}
          </optgroup>
        ))}
      </select>
    </label>
  );
}

/** 'digits-1 · article-resnet · 99.31 %' */
function describe({ name, config, result }: RunView): string {
  const accuracy = result?.accuracy == null ? undefined : percent(result.accuracy);
  return [name, config?.model, accuracy].filter(Boolean).join(' · ');
}
