"""How pages look: light and dark by the reader's own setting, and on paper."""

STYLE = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d8dee4;
--accent:#0b5cad;--yes:#0f5f35;--yes-bg:#dff3e6;--no:#9b1c1c;--no-bg:#fde7e7;--cannot:#6b4400;
--cannot-bg:#fdf0d0;--none-bg:#eceff2;--grid:#e4e8ec}
@media (prefers-color-scheme:dark){:root{--bg:#0f1216;--card:#171b21;--ink:#e8ebef;--soft:#a5afba;
--line:#2c333c;--accent:#7cb7ff;--yes:#86e0ab;--yes-bg:#12311f;--no:#ffa8a8;--no-bg:#3d1618;
--cannot:#f4cf78;--cannot-bg:#372a0b;--none-bg:#232a32;--grid:#262d35}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,
"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif}
main,header,footer{max-width:66rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.5rem}
.eyebrow{margin:0;color:var(--soft);font-size:.8rem;font-weight:600;letter-spacing:.09em;
text-transform:uppercase}
h1{margin:.15rem 0 .35rem;font-size:1.9rem;line-height:1.2;overflow-wrap:anywhere}
h2{margin:0 0 .9rem;font-size:1.15rem}
h3{margin:1.1rem 0 .4rem;font-size:1rem}
p{margin:.35rem 0}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
font-size:.86em;overflow-wrap:anywhere}
a{color:var(--accent);text-underline-offset:.15em}
a:focus-visible,summary:focus-visible{outline:3px solid var(--accent);outline-offset:2px;
border-radius:3px}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;margin:1rem 0 1.25rem;padding:0;list-style:none;
font-size:.92rem}
section{margin:0 0 1.1rem;padding:1.25rem 1.4rem;background:var(--card);
border:1px solid var(--line);border-radius:12px}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.75rem;
margin:1.1rem 0 0;padding:0}
.facts div{padding:.8rem 1rem;background:var(--card);border:1px solid var(--line);
border-radius:12px}
.facts dt{color:var(--soft);font-size:.8rem}
.facts dd{margin:.1rem 0 0;font-size:1.12rem;font-weight:650;overflow-wrap:anywhere}
.pairs{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.35rem 1.25rem;margin:0}
.pairs dt{color:var(--soft)}
.pairs dd{margin:0;min-width:0;overflow-wrap:anywhere}
.wide{overflow-x:auto;margin-top:1rem}
h2+.wide{margin-top:0}
details>.pairs{margin-top:.6rem}
table{width:100%;border-collapse:collapse;font-size:.93rem}
caption{padding:0 0 .4rem;color:var(--soft);font-size:.85rem;text-align:left}
th,td{padding:.45rem .9rem .45rem 0;border-bottom:1px solid var(--line);text-align:left;
vertical-align:top}
th{color:var(--soft);font-size:.8rem;font-weight:600;white-space:nowrap}
tbody th{min-width:7rem;color:var(--ink);font-size:inherit;white-space:normal}
tbody tr:last-child>*{border-bottom:0}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.when{white-space:nowrap;font-variant-numeric:tabular-nums}
.badge{display:inline-block;padding:.05rem .6rem;border-radius:99px;background:var(--none-bg);
color:var(--ink);font-size:.82rem;font-weight:650;white-space:nowrap}
.yes{background:var(--yes-bg);color:var(--yes)}
.no{background:var(--no-bg);color:var(--no)}
.cannot-tell{background:var(--cannot-bg);color:var(--cannot)}
.warning{margin:0 0 1.1rem;
padding:.7rem 1rem;border-radius:9px;background:var(--cannot-bg);color:var(--cannot)}
pre{margin:.3rem 0 .9rem;padding:.7rem .9rem;overflow-x:auto;border-radius:9px;
background:var(--none-bg);font-size:.9rem}
details{margin:.4rem 0}
summary{cursor:pointer}
summary .badge{margin-right:.5rem}
.reasons{margin:.35rem 0 .6rem;padding-left:1.15rem}
td .reasons{min-width:17rem;margin-top:0}
.reasons li{margin:.2rem 0;overflow-wrap:anywhere}
.soft{color:var(--soft)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(18rem,1fr));gap:1.25rem}
figure{margin:0}
figcaption{font-size:.93rem;font-weight:600}
figcaption span{color:var(--soft);font-weight:400}
svg{display:block;width:100%;height:auto}
svg .grid{stroke:var(--grid)}
svg .curve{fill:none;stroke:var(--accent);stroke-width:2;stroke-linejoin:round}
svg .point{fill:var(--accent)}
svg .mine{fill:var(--card);stroke:var(--accent);stroke-width:2.5}
svg text{fill:var(--soft);font-size:11px;font-variant-numeric:tabular-nums}
.timeline{margin:0;padding:0;list-style:none;border-left:2px solid var(--line)}
.timeline li{position:relative;margin:0 0 .75rem;padding-left:1.15rem}
.timeline li::before{content:"";position:absolute;left:-6px;top:.5em;width:10px;height:10px;
border-radius:50%;background:var(--soft)}
.timeline .is-yes::before{background:var(--yes)}
.timeline .is-no::before{background:var(--no)}
.timeline .is-cannot-tell::before{background:var(--cannot)}
footer{padding-top:.5rem;padding-bottom:2.5rem;color:var(--soft);font-size:.85rem}
@media (max-width:40rem){.pairs{grid-template-columns:1fr;gap:0}.pairs dd{margin-bottom:.5rem}
section{padding:1rem}}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--accent:#000;
--yes:#0f5f35;--yes-bg:#fff;--no:#9b1c1c;--no-bg:#fff;--cannot:#6b4400;--cannot-bg:#fff;
--none-bg:#fff;--grid:#ddd}body{font-size:10.5pt}main,header,footer{max-width:none;padding-left:0;
padding-right:0}nav{display:none}
section{padding:.6rem 0;border:0;border-top:1px solid var(--line);border-radius:0}
.badge,.warning{border:1px solid currentColor}tr,figure,.timeline li{break-inside:avoid}
h2,h3{break-after:avoid}.wide{overflow:visible}a{text-decoration:none}}
""".strip()
