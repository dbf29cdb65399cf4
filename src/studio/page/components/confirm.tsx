// Asks before something is done that can't be undone.

import { useEffect, useRef } from 'preact/hooks';
import { strings } from '../i18n/strings.ts';

interface Props {
  readonly title: string;
  readonly text: string;
  /** What the button that does it is called. */
  readonly action: string;
  onConfirm(): void;
  onClose(): void;
}

export function Confirm({ title, text, action, onConfirm, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" onClose={onClose}>
      <h2 id="confirm-title">{title}</h2>
      <p class="soft">{text}</p>
      <div class="row dialog-buttons">
        <button type="button" class="button" onClick={() => dialog.current!.close()}>
          {strings.value.shell.cancel}
        </button>
        <button
          type="button"
          class="button danger"
          onClick={() => {
            onConfirm();
            dialog.current!.close();
          }}
        >
          {action}
        </button>
      </div>
    </dialog>
  );
}
