// What went wrong, in the words of whoever found out, and what can be done.

import { ResiduaError } from '../../../errors.ts';
import { strings } from '../i18n/strings.ts';

export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const { shell } = strings.value;
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof ResiduaError ? error.hint : undefined;
  return (
    <div class="note error" role="alert">
      <strong>{shell.failed}</strong> {message}
      {/[.!?。]$/.test(message) ? '' : '.'} {hint}
      {retry && (
        <p>
          <button type="button" class="button small" onClick={retry}>
            {shell.tryAgain}
          </button>
        </p>
      )}
    </div>
  );
}
