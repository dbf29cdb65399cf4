// The head of every page: its name, what it is for in one sentence, and what it is about (children: a choice of runs).

import type { ComponentChildren } from 'preact';

export function PageTitle({ title, lead, children }: { title: string; lead: string; children?: ComponentChildren }) {
  return (
    <div class="title">
      <div>
        <h1>{title}</h1>
        <p>{lead}</p>
      </div>
      {children}
    </div>
  );
}
