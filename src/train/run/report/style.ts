// The looks of a report: one column on a phone, more where there is room; light or dark as the reader's system is; and
// colours that can be told apart without their hue (text beside them says the same).

export const style = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --text: #1b1f27; --muted: #59606e; --line: #dfe3ea; --grid: #e7eaf0;
  --blue: #2158c9; --orange: #b4480b; --red: #c0262d; --code: #eef1f6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101318; --card: #181c23; --text: #e7e9ee; --muted: #a2abba; --line: #2d333e; --grid: #272d37;
    --blue: #82abff; --orange: #ffa267; --red: #ff8080; --code: #222832;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
header, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 36px; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.25; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 0 0 4px; font-size: 1.15rem; }
h3 { margin: 20px 0 6px; font-size: 0.95rem; }
p { margin: 0 0 12px; }
.muted, figcaption { color: var(--muted); }
header .muted { margin: 6px 0 0; overflow-wrap: anywhere; }
section { margin: 20px 0 0; padding: 20px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
section > .muted { font-size: 0.9rem; max-width: 46em; }
.warnings { margin: 0; padding-left: 20px; }
.warnings li { margin: 8px 0 0; max-width: 60em; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(132px, 1fr)); gap: 12px; margin: 24px 0 0; }
.figure { padding: 14px 16px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.figures dt { color: var(--muted); font-size: 0.85rem; }
.figures dd { margin: 2px 0 0; font-size: 1.3rem; font-weight: 650; white-space: nowrap; line-height: 1.25; font-variant-numeric: tabular-nums; }
.figures dd small { display: block; font-size: 0.8rem; font-weight: 400; color: var(--muted); white-space: normal; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 310px), 1fr)); gap: 16px; margin-top: 8px; }
.charts svg, .chart svg { display: block; width: 100%; height: auto; }
.chart { max-width: 520px; margin: 8px 0 0; }
.beside { display: grid; grid-template-columns: minmax(0, 1fr); gap: 24px; }
@media (min-width: 900px) { .beside { grid-template-columns: minmax(0, 2fr) minmax(0, 1fr); } }
.scroll { overflow: auto; max-height: 560px; }
.scroll:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 10px; text-align: right; white-space: nowrap; }
th { font-weight: 600; }
thead th { position: sticky; top: 0; z-index: 1; background: var(--card); color: var(--muted); vertical-align: bottom; }
th[scope=row], th.name { text-align: left; max-width: 16em; overflow: hidden; text-overflow: ellipsis; }
.classes { width: 100%; }
.classes tbody tr { border-top: 1px solid var(--line); }
.bar { display: inline-block; width: 72px; height: 8px; margin-left: 8px; border-radius: 4px; background: var(--grid); overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--blue); }
.confusion { border-collapse: separate; border-spacing: 2px; margin-top: 8px; }
.confusion td { min-width: 2.9em; padding: 6px 5px; text-align: center; border-radius: 4px; background: var(--page); }
.confusion td.none { color: var(--muted); }
.confusion thead th { text-align: center; padding: 4px; }
.confusion thead th span { display: inline-block; max-height: 9em; overflow: hidden; text-overflow: ellipsis; }
.confusion.long thead th span { writing-mode: vertical-rl; transform: rotate(180deg); }
.right { background: color-mix(in srgb, var(--blue) var(--share), var(--page)) !important; }
.wrong { background: color-mix(in srgb, var(--red) var(--share), var(--page)) !important; }
.map { display: block; width: 100%; max-width: 640px; height: auto; background: var(--page); border: 1px solid var(--line); }
.list { margin: 6px 0 0; padding: 0; list-style: none; font-size: 0.9rem; }
.list li { display: flex; gap: 10px; justify-content: space-between; padding: 5px 0; border-top: 1px solid var(--line); }
.list li > :first-child { overflow-wrap: anywhere; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(116px, 1fr)); gap: 16px 12px; margin: 12px 0 0; padding: 0; list-style: none; }
.mistakes figure { margin: 0; }
.mistakes img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; border-radius: 6px; background: var(--code); border: 1px solid var(--line); }
.mistakes img.small { image-rendering: pixelated; }
.mistakes figcaption { margin-top: 6px; font-size: 0.82rem; line-height: 1.35; overflow-wrap: anywhere; }
.mistakes b { color: var(--text); }
.mistakes .file { display: block; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.settings { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 0 32px; margin: 8px 0 0; font-size: 0.9rem; }
.settings div { display: flex; gap: 16px; justify-content: space-between; padding: 6px 0; border-top: 1px solid var(--line); }
.settings dt { color: var(--muted); white-space: nowrap; }
.settings dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
pre, code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.875rem; }
pre { margin: 4px 0 12px; padding: 12px 14px; background: var(--code); border-radius: 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { padding-top: 20px; padding-bottom: 40px; color: var(--muted); font-size: 0.85rem; }
@media (max-width: 560px) {
  header, main, footer { padding-left: 12px; padding-right: 12px; }
  section { padding: 16px 12px; }
  .figures { grid-template-columns: 1fr 1fr; gap: 8px; }
  .figure { padding: 10px 12px; }
  .figures dd { font-size: 1.2rem; }
  .mistakes { grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); }
  .confusion { font-size: 0.8rem; border-spacing: 1px; }
  .confusion td { min-width: 2.1em; padding: 5px 2px; }
  .confusion th[scope=row] { padding: 4px; max-width: 7em; }
}
@media print { body { background: none; } section, .figure { break-inside: avoid; } .scroll { max-height: none; overflow: visible; } }
`;
