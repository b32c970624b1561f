"""How our pages look: one style sheet, on a screen by day and by night, and on paper."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #1d2228; --soft: #5a636e; --line: #e3e1dc;
  --accent: #1f4f8f; --yes: #17683a; --yes-bg: #e4f3e9; --no: #a3231f; --no-bg: #fbe7e5;
  --tell: #7a4d00; --tell-bg: #fbf0d9; --plain-bg: #eeedea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1b1f25; --ink: #e6e8eb; --soft: #a3acb8; --line: #30363e;
    --accent: #8ab8f5; --yes: #7fd6a0; --yes-bg: #17301f; --no: #ff9c94; --no-bg: #3a1c1a;
    --tell: #f0c36a; --tell-bg: #362a12; --plain-bg: #2a2f37;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue",
    "Noto Sans", "Liberation Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
.page { max-width: 1200px; margin: 0 auto; padding: 0 24px 64px; }
code, .mono {
  font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  overflow-wrap: anywhere;
}
a { color: var(--accent); text-underline-offset: 2px; text-decoration-thickness: 1px; }
a:focus-visible, summary:focus-visible, .scroll:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px;
}
.unseen {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}
.skip { position: absolute; left: -999px; top: 8px; }
.skip:focus { left: 24px; background: var(--card); padding: 8px 12px; z-index: 1; }
header.top { padding: 48px 0 28px; }
.eyebrow {
  margin: 0 0 6px; color: var(--soft); font-size: 12px; font-weight: 600;
  letter-spacing: .12em; text-transform: uppercase;
}
h1 {
  margin: 0; font-size: 32px; line-height: 1.2; letter-spacing: -.02em; font-weight: 650;
  overflow-wrap: anywhere;
}
.digest { margin: 8px 0 0; color: var(--soft); }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0; padding: 0; list-style: none; }
nav { border-block: 1px solid var(--line); padding: 10px 0; margin-top: 28px; }
.cards {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 16px;
  margin: 28px 0 0; padding: 0; list-style: none;
}
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px;
}
.cards .card { overflow-wrap: anywhere; }
.cards h2 {
  margin: 0 0 8px; font-size: 13px; font-weight: 600; letter-spacing: 0; color: var(--soft);
}
h3.sub { margin: 24px 0 8px; font-size: 14px; font-weight: 600; }
.card p { margin: 0; }
.card .big { font-size: 22px; line-height: 1.3; font-weight: 600; letter-spacing: -.01em;
  overflow-wrap: anywhere; }
.card p.note { margin: 4px 0 0; }
.big .badge { font-size: 16px; padding: 2px 12px; }
section { margin-top: 48px; scroll-margin-top: 16px; }
h2 { margin: 0 0 4px; font-size: 20px; letter-spacing: -.01em; font-weight: 650; }
h2 + .scroll, h2 + dl, h2 + .card, h2 + ol, h2 + p.empty { margin-top: 14px; }
.note { color: var(--soft); font-size: 13.5px; margin: 0; }
p.note { margin-bottom: 14px; max-width: 76ch; }
.empty { color: var(--soft); margin: 0; }
dl.facts { display: grid; grid-template-columns: minmax(120px, 170px) 1fr; margin: 0; }
dl.facts dt, dl.facts dd { padding: 8px 0; border-top: 1px solid var(--line); margin: 0; }
dl.facts dt { color: var(--soft); }
dl.facts dd { overflow-wrap: anywhere; }
.scroll {
  overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
}
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td {
  text-align: left; vertical-align: top; padding: 9px 14px; border-top: 1px solid var(--line);
}
thead th {
  border-top: 0; color: var(--soft); font-size: 12.5px; font-weight: 600; white-space: nowrap;
}
tbody th { font-weight: 600; }
td time, th time { white-space: nowrap; }
td .badge { white-space: nowrap; }
:target { background: var(--tell-bg); scroll-margin-top: 16px; }
.badge {
  display: inline-flex; align-items: baseline; gap: 5px; padding: 1px 9px; border-radius: 999px;
  font-size: 12.5px; font-weight: 600; line-height: 1.6; background: var(--plain-bg);
  color: var(--ink);
}
.badge.yes { background: var(--yes-bg); color: var(--yes); }
.badge.no { background: var(--no-bg); color: var(--no); }
.badge.cannot-tell, .badge.warn { background: var(--tell-bg); color: var(--tell); }
.badges { display: inline-flex; flex-wrap: wrap; gap: 6px; }
.sign { font-weight: 700; }
.none { color: var(--soft); }
.alert {
  border: 1px solid var(--line); border-left: 4px solid var(--tell); background: var(--tell-bg);
  border-radius: 8px; padding: 12px 16px; margin-top: 20px;
}
.alert p { margin: 0; }
.decision { margin-top: 16px; padding: 0; overflow: hidden; }
.decision > header { padding: 16px 18px; }
.decision h3 { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: center; margin: 0 0 4px;
  font-size: 16px; color: var(--ink); }
.decision > .scroll { border: 0; border-top: 1px solid var(--line); border-radius: 0; }
.decision > details { padding: 10px 18px; border-top: 1px solid var(--line); }
details { margin-top: 6px; }
.decision > details .scroll { margin-top: 10px; }
summary { cursor: pointer; color: var(--accent); font-size: 13.5px; }
.reasons { margin: 6px 0 0; padding-left: 18px; font-size: 13.5px; }
.reasons li { margin: 4px 0; overflow-wrap: anywhere; }
.remedy { display: block; color: var(--soft); }
.reasons.bare { list-style: none; padding: 0; margin: 0; font-size: inherit; }
.reasons.bare li { margin: 0; }
.reasons.bare li + li { margin-top: 6px; }
.what { min-width: 280px; overflow-wrap: anywhere; }
td .under { font-size: 13px; }
.cut { white-space: nowrap; }
.timeline { list-style: none; margin: 14px 0 0; padding: 0; }
.timeline > li { margin: 0 0 18px; }
.timeline h3 { margin: 0 0 6px; font-size: 13px; font-weight: 600; color: var(--soft); }
.timeline ol {
  list-style: none; margin: 0 0 0 6px; padding: 0; border-left: 2px solid var(--line);
}
.timeline ol li {
  position: relative; display: flex; flex-wrap: wrap; gap: 2px 12px; padding: 4px 0 4px 20px;
}
.timeline ol li::before {
  content: ""; position: absolute; left: -6px; top: 11px; width: 10px; height: 10px;
  border-radius: 50%; background: var(--soft); border: 2px solid var(--paper);
}
.timeline ol li.yes::before { background: var(--yes); }
.timeline ol li.no::before { background: var(--no); border-radius: 2px; }
.timeline ol li.cannot-tell::before { background: var(--tell); border-radius: 2px; }
.timeline ol li.deployment::before { background: var(--accent); }
.timeline time { color: var(--soft); min-width: 44px; }
.charts {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); gap: 16px;
  margin: 14px 0;
}
figure { margin: 0; }
figure .card-head {
  display: flex; justify-content: space-between; gap: 12px; align-items: baseline;
}
figure .big { white-space: nowrap; }
figure figcaption { font-size: 13px; font-weight: 600; color: var(--soft); }
svg { display: block; width: 100%; height: auto; margin-top: 10px; }
svg text { font-size: 11px; fill: var(--soft); }
.grid { stroke: var(--line); stroke-width: 1; }
.trend { fill: none; stroke: var(--accent); stroke-width: 1.75; stroke-linejoin: round;
  stroke-linecap: round; }
.dot { fill: var(--accent); }
.shut { fill: var(--no); }
.here { fill: var(--card); stroke: var(--accent); stroke-width: 2.5; }
.here.bad { stroke: var(--no); }
footer { margin-top: 56px; padding-top: 16px; border-top: 1px solid var(--line); color: var(--soft);
  font-size: 13px; }
footer p { margin: 0 0 4px; overflow-wrap: anywhere; }
@media (max-width: 640px) {
  .page { padding: 0 16px 48px; }
  header.top { padding: 28px 0 20px; }
  h1 { font-size: 25px; }
  dl.facts { grid-template-columns: 1fr; }
  dl.facts dd { border-top: 0; padding-top: 0; }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #fff; --card: #fff; --ink: #111; --soft: #4a4a4a; --line: #cfcfcf; --accent: #1f4f8f;
    --yes: #17683a; --yes-bg: #fff; --no: #a3231f; --no-bg: #fff; --tell: #7a4d00;
    --tell-bg: #fff; --plain-bg: #fff;
  }
  @page { size: A4; margin: 14mm; }
  body { font-size: 10pt; }
  .page { max-width: none; padding: 0; }
  header.top { padding-top: 0; }
  nav, .skip { display: none; }
  section { margin-top: 22pt; }
  .scroll { overflow: visible; border-radius: 0; }
  .badge { border: 1px solid currentColor; }
  table { font-size: 8.5pt; }
  th, td { padding: 4pt; overflow-wrap: break-word; }
  thead th { white-space: normal; }
  thead { display: table-header-group; }
  tr, figure, .timeline ol li, .cards .card { break-inside: avoid; }
  h2, h3, h2 + .note { break-after: avoid; }
  a { color: inherit; text-decoration: none; }
  .what { min-width: 44mm; }
  td .note, td .under, td .reasons, td summary, td .badge { font-size: 8pt; }
  td .reasons { padding-left: 10pt; }
  td .reasons.bare { padding: 0; }
  .cut, td time, th time { white-space: normal; }
  code.cut, .cut code { overflow-wrap: normal; }
  .charts { grid-template-columns: 1fr 1fr; }
  .cards { grid-template-columns: repeat(4, 1fr); gap: 8pt; }
  .card .big { font-size: 13pt; }
  .charts + details { display: none; }
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { list-style: none; color: inherit; font-weight: 600; }
}
"""
