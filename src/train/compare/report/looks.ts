// What a comparison's page has beside the looks of a run's: colours for depths, from light to strong, and the list of claims.

/** As many as can be told apart; more depths share the last. */
const DEPTH_COLOURS = 5;

export const looks = `
:root { --depth-1: #c07a00; --depth-2: #0a7d6b; --depth-3: #2158c9; --depth-4: #8a2be2; --depth-5: #c0262d; --good: #1a7f37; }
@media (prefers-color-scheme: dark) {
  :root { --depth-1: #f2b84b; --depth-2: #5fd3bc; --depth-3: #82abff; --depth-4: #c79bff; --depth-5: #ff8080; --good: #6fd08c; }
}
.claims { margin: 12px 0 0; padding: 0; list-style: none; }
.claim { display: grid; grid-template-columns: 9em minmax(0, 1fr); gap: 4px 20px; padding: 14px 0; border-top: 1px solid var(--line); }
.claim h3 { margin: 0 0 2px; font-size: 1rem; }
.claim p { margin: 0 0 6px; max-width: 60em; }
.claim .muted { font-size: 0.875rem; }
.verdict { font-weight: 650; }
.verdict.seen { color: var(--good); }
.verdict.not-seen { color: var(--red); }
.verdict.partly { color: var(--orange); }
.verdict.open { color: var(--muted); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 10px 0 0; padding: 0; list-style: none; font-size: 0.9rem; }
.legend li { display: flex; align-items: center; gap: 6px; }
.legend svg { flex: none; }
.accuracies { width: 100%; margin-top: 8px; }
.accuracies tbody tr { border-top: 1px solid var(--line); }
.accuracies td small { display: block; color: var(--muted); }
.accuracies td.best { font-weight: 650; }
@media (min-width: 700px) { .pairs { grid-template-columns: repeat(2, minmax(0, 1fr)); } .pairs > div { max-width: 520px; } }
details { margin-top: 14px; }
summary { cursor: pointer; color: var(--blue); font-size: 0.9rem; }
summary:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
@media (max-width: 560px) { .claim { grid-template-columns: minmax(0, 1fr); } .accuracies th, .accuracies td { padding: 5px 6px; white-space: normal; } }
`;

/** Of the depth at that place of the grid's. */
export const depthColour = (place: number): string => `var(--depth-${Math.min(place + 1, DEPTH_COLOURS)})`;
