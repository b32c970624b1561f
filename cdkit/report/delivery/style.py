"""How the page of a delivery looks, beyond what all our pages share."""

OWN = """
.rollup { margin: 20px 0 0; color: var(--soft); }
.rollup strong { color: var(--ink); }
#numbers { padding-top: 28px; scroll-margin-top: 16px; }
.tiles { display: grid; grid-template-columns: 3fr 2fr; gap: 24px 16px; margin: 0; }
.tiles .eyebrow { margin: 0 0 10px; }
.tiles .cards { margin: 0; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); }
.factor { display: flex; flex-direction: column; }
.factor .cards { flex: 1; }
.tiles .card { display: flex; flex-direction: column; padding: 16px; }
.tiles h3 { margin: 0 0 6px; font-size: 13px; font-weight: 600; color: var(--soft); }
.tiles .big { font-size: 28px; line-height: 1.2; letter-spacing: -.02em; min-height: 34px; }
.tiles .big .badge { letter-spacing: 0; }
.unit { font-size: 15px; font-weight: 500; letter-spacing: 0; color: var(--soft); }
.tiles .spark-box { margin: 10px 0 12px; min-height: 20px; }
svg.spark { margin: 0; max-width: 260px; }
.tiles svg.spark { max-width: none; max-height: 64px; }
.tiles .band { margin: 0 0 4px; font-size: 13px; font-weight: 500; }
.tiles .note { margin: 6px 0 0; font-size: 13px; }
.turn { font-size: 13px; color: var(--soft); margin: 0; }
.turn .badge { margin-right: 7px; }
.tiles .more { margin: auto 0 0; padding-top: 12px; font-size: 13.5px; }
td svg.spark { width: 132px; height: 30px; }
figure.card { display: flex; flex-direction: column; }
figure.card svg { margin-top: auto; padding-top: 10px; }
figure.card .big { font-size: 17px; }
figure.card figcaption { padding-top: 2px; }
.untold { color: var(--tell); }
.rests { margin: 16px 0 0; }
.paper { display: none; }
.ground { fill: var(--accent); opacity: .08; stroke: none; }
.few { fill: var(--card); stroke: var(--accent); stroke-width: 1.5; }
.bar { fill: var(--accent); opacity: .85; }
.bar.few { fill: var(--card); opacity: 1; }
.whole { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 4; }
details.behind, details.service {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; margin-top: 10px;
  padding: 0;
}
details.behind > summary, details.service > summary { padding: 12px 16px; font-size: 14px; }
details.service > summary { color: var(--ink); font-size: 15px; }
details.behind > div, details.service > div { padding: 0 16px 16px; scroll-margin-top: 56px; }
details.behind > div > .scroll { border-radius: 8px; }
details.service details { margin-top: 10px; }
details.service > div > .note { margin: 12px 0 0; }
:target { background: none; }
details > div:target { box-shadow: inset 3px 0 0 var(--accent); border-radius: 0 0 10px 10px; }
#services > .scroll { margin-bottom: 20px; }
@media screen { #services > .scroll td:last-child { min-width: 260px; } }
.empty code, .reasons code { white-space: nowrap; }
.id { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
@media (max-width: 640px) {
  details.behind > div, details.service > div { padding: 0 10px 10px; }
  details th, details td { padding: 8px 10px; }
  details th time { white-space: normal; }
  .tiles .cards { grid-template-columns: 1fr; }
}
@media (max-width: 980px) { .tiles { grid-template-columns: 1fr; } }
@media print {
  .tiles { grid-template-columns: 3fr 2fr; gap: 12pt 8pt; }
  .tiles .cards { grid-template-columns: repeat(auto-fit, minmax(30mm, 1fr)); }
  .tiles .card { padding: 8pt; }
  .tiles .big { font-size: 14pt; min-height: 0; }
  .tiles .more { display: none; }
  .unit, .tiles .note, .tiles .turn, .tiles .band { font-size: 8pt; }
  .charts + details, details.service details { display: none; }
  details.behind tbody tr:nth-child(n+16) { display: none; }
  .paper { display: block; }
  td .turn, td .turn .badge { font-size: 8pt; }
  .turn .badge { font-size: 8pt; padding: 0 4pt; white-space: nowrap; }
  header.top { padding-bottom: 0; }
  details.behind, details.service { break-inside: auto; border: 0; }
  details.behind > summary, details.service > summary { padding: 6pt 0 2pt; }
  details.behind > div, details.service > div { padding: 0; }
}
"""
