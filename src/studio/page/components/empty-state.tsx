// Where there is nothing to show yet: what will be shown here, and what to do for it.

import type { ComponentChildren } from 'preact';
import { BlockRow } from './brand.tsx';

export function EmptyState({ title, text, children }: { title: string; text: string; children?: ComponentChildren }) {
  return (
    <section class="panel empty">
      <BlockRow />
      <h2>{title}</h2>
      <p>{text}</p>
      {children && <div class="row">{children}</div>}
    </section>
  );
}
