// Two layers and the shortcut around them: the picture that the whole page is about.

export function Glyph() {
  return (
    <svg
      viewBox="0 0 34 34"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      aria-hidden="true"
    >
      <path d="M2 23h6.5m6.5 0h4m6.5 0H32" />
      <path d="M5 23C5 4 29 4 29 23" stroke="var(--shortcut)" />
      <rect x="8.5" y="19.5" width="6.5" height="7" rx="1.5" />
      <rect x="19" y="19.5" width="6.5" height="7" rx="1.5" />
    </svg>
  );
}

/** Blocks in a row, each with its shortcut: stands where there is nothing to show yet. */
export function BlockRow() {
  const blocks = [0, 1, 2];
  return (
    <svg
      viewBox="0 0 260 84"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      aria-hidden="true"
    >
      <path d="M4 60h252" stroke="var(--line-strong)" />
      {blocks.map((i) => (
        <g key={i} transform={`translate(${16 + i * 78} 0)`}>
          <path d="M4 60C4 8 68 8 68 60" stroke="var(--shortcut)" />
          <rect x="12" y="48" width="20" height="24" rx="3" fill="var(--surface)" />
          <rect x="40" y="48" width="20" height="24" rx="3" fill="var(--surface)" />
        </g>
      ))}
    </svg>
  );
}
