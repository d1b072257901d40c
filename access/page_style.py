"""How the page looks: light, dark and printed, without anything from elsewhere."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #1d2330; --soft: #5b6474; --line: #e3e1dc; --hover: #f4f1ea;
  --see: #e7ebf1; --see-ink: #3a475c; --use: #dbe9fd; --use-ink: #1c4a91; --manage: #d8f1e2; --manage-ink: #14593a;
  --out: #fcebc5; --out-ink: #744700; --end: #fde0dc; --end-ink: #8f2418; --rule: #eae0fb; --rule-ink: #562a97;
  --danger: #b3261e; --warning: #8a5300; --note: #47566d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12151b; --card: #1a1e26; --ink: #e8eaee; --soft: #a2abba; --line: #2c323d; --hover: #222833;
    --see: #2b3340; --see-ink: #c3cede; --use: #16335c; --use-ink: #b3d3ff; --manage: #143d2a; --manage-ink: #a8e6c4;
    --out: #453106; --out-ink: #fbd98a; --end: #4d1b16; --end-ink: #ffb9b0; --rule: #3a2562; --rule-ink: #d9c4ff;
    --danger: #ff8a80; --warning: #ffc66b; --note: #b4c0d2;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 3rem clamp(1rem, 4vw, 4rem) 6rem; max-width: 92rem; background: var(--paper);
  color: var(--ink); font: 16px/1.55 ui-sans-serif, system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
header { border-bottom: 1px solid var(--line); padding-bottom: 1.5rem; margin-bottom: 2.5rem; }
.eyebrow { margin: 0; color: var(--soft); font-size: .8rem; letter-spacing: .09em; text-transform: uppercase; }
h1 { margin: .15rem 0 .6rem; font-size: clamp(1.9rem, 4vw, 2.9rem); line-height: 1.1; letter-spacing: -.02em; }
h2 { margin: 3.25rem 0 .35rem; font-size: 1.4rem; letter-spacing: -.01em; }
h3 { margin: 2rem 0 .6rem; font-size: 1.05rem; }
p.lead { margin: 0 0 1.1rem; color: var(--soft); max-width: 84ch; }
header p { color: var(--soft); margin: .2rem 0; }
nav { display: flex; flex-wrap: wrap; gap: .4rem 1.3rem; margin-top: 1.1rem; font-size: .92rem; }
a { color: inherit; text-underline-offset: .22em; text-decoration-color: var(--soft); }
a:hover { text-decoration-color: currentColor; }
:focus-visible { outline: 2px solid var(--use-ink); outline-offset: 2px; border-radius: 3px; }
code { font: .88em/1.4 ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }

.findings { list-style: none; margin: 0; padding: 0; display: grid; gap: .7rem; }
.findings li {
  background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--tone); border-radius: 8px;
  padding: .75rem 1rem;
}
.findings .level { color: var(--tone); font-weight: 650; font-size: .78rem; letter-spacing: .06em;
  text-transform: uppercase; margin-right: .5rem; }
.findings p { margin: .15rem 0 0; color: var(--soft); font-size: .93rem; }
.danger { --tone: var(--danger); } .warning { --tone: var(--warning); } .note { --tone: var(--note); }

.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .93rem; }
th, td { padding: .5rem .7rem; text-align: left; vertical-align: middle; border-bottom: 1px solid var(--line); }
tbody:last-child tr:last-child > * { border-bottom: 0; }
thead th { font-size: .82rem; font-weight: 600; color: var(--soft); vertical-align: bottom; background: var(--card); }
thead th.key { color: var(--ink); min-width: 15rem; }
tbody th { font-weight: 550; position: sticky; left: 0; background: var(--card); min-width: 12rem; z-index: 1; }
tbody th small { display: block; font-weight: 400; color: var(--soft); font-size: .8rem; }
tr.heading th { color: var(--soft); font-size: .76rem; font-weight: 600; letter-spacing: .07em;
  text-transform: uppercase; padding-top: 1rem; background: var(--card); }
tbody tr:not(.heading):hover > * { background: var(--hover); }
td.mark, th.mark { text-align: center; }
th.upright { text-align: center; padding: .7rem .3rem; }
th.upright span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; font-weight: 500; }
.none { color: var(--line); }

.chips { display: flex; flex-wrap: wrap; gap: .3rem; }
.chip, .dot { background: var(--tint); color: var(--text); border: 1px solid transparent; cursor: help; }
.chip { border-radius: 999px; padding: .06rem .62rem; font-size: .82rem; font-weight: 550; white-space: nowrap; }
.chip.some { background: transparent; border: 1px dashed var(--text); }
.dot { display: inline-grid; place-items: center; width: 1.45rem; height: 1.45rem; border-radius: 50%;
  font-size: .8rem; font-weight: 700; }
.see { --tint: var(--see); --text: var(--see-ink); } .use { --tint: var(--use); --text: var(--use-ink); }
.manage { --tint: var(--manage); --text: var(--manage-ink); } .out { --tint: var(--out); --text: var(--out-ink); }
.end { --tint: var(--end); --text: var(--end-ink); } .rule { --tint: var(--rule); --text: var(--rule-ink); }
[data-why]:hover::after, [data-why]:focus::after {
  content: attr(data-why); position: fixed; z-index: 9; inset: auto 0 0 0; padding: .8rem clamp(1rem, 4vw, 4rem);
  background: var(--ink); color: var(--paper); font-size: .92rem; font-weight: 450; white-space: normal;
  text-align: left; border-radius: 0; box-shadow: 0 -6px 24px rgb(0 0 0 / .22);
}
.legend { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .55rem 1.5rem;
  margin: 0 0 1rem; padding: 0; list-style: none; font-size: .9rem; color: var(--soft); }
.legend .chip { margin-right: .5rem; cursor: default; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft);
  font-size: .86rem; }

@media print {
  :root {
    --paper: #fff; --card: #fff; --ink: #111; --soft: #444; --line: #ccc; --hover: #fff;
    --see: #e7ebf1; --see-ink: #3a475c; --use: #dbe9fd; --use-ink: #1c4a91; --manage: #d8f1e2; --manage-ink: #14593a;
    --out: #fcebc5; --out-ink: #744700; --end: #fde0dc; --end-ink: #8f2418; --rule: #eae0fb; --rule-ink: #562a97;
    --danger: #b3261e; --warning: #8a5300; --note: #47566d; color-scheme: light;
  }
  @page { size: A4 landscape; margin: 14mm; }
  html { font-size: 11px; }
  body { padding: 0; max-width: none; font-size: 1rem; }
  nav, [data-why]::after { display: none !important; }
  .scroll { overflow: visible; border: 0; border-top: 1px solid var(--line); border-radius: 0; }
  tbody th { position: static; min-width: 0; } thead th.key { min-width: 0; }
  tr, li { break-inside: avoid; } h2, h3, p.lead { break-after: avoid; } thead { display: table-header-group; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
@media (prefers-contrast: more) { :root { --line: #767676; --soft: var(--ink); } .chip { border-color: currentColor; } }
"""
