"""The style sheet of the report: the colours of the program, light or dark as the reader's system."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --bg: #f6f6f4; --card: #fff; --sunk: #efefec; --line: #e2e2de; --text: #1b1d20;
  --dim: #5f646b; --error: #c23b31; --warning: #9a6208; --info: #3a64d8;
  --train: #0072b2; --validation: #e69f00; --test: #009e73; }
@media (prefers-color-scheme: dark) { :root { --bg: #16181b; --card: #25282d; --sunk: #121316; --line: #32363c;
  --text: #e9eaec; --dim: #a2a7af; --error: #f0776c; --warning: #e0a94a; --info: #7fa3ff; --train: #56b4e9; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text); font: 14px/1.45 Inter, system-ui, sans-serif;
  font-variant-numeric: tabular-nums; }
main { max-width: 1160px; margin: 0 auto; padding: 40px 24px 80px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h2.group { font-size: 12px; letter-spacing: .06em; text-transform: uppercase; color: var(--dim); margin: 40px 0 8px; }
h3 { font-size: 17px; margin: 24px 0 2px; display: flex; align-items: center; gap: 8px; }
p { margin: 0 0 4px; } .dim, small { color: var(--dim); } p.dim { margin-bottom: 12px; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 24px 0 12px; }
.figure, article, table, .callout { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.figure { padding: 14px 16px; } .figure b { display: block; font-size: 26px; line-height: 1.2; font-weight: 600; }
.figure span { color: var(--dim); }
.callout { padding: 12px 16px; border-left: 3px solid var(--error); margin: 0 0 12px; }
table { border-collapse: separate; border-spacing: 0; width: 100%; overflow: hidden; }
td, th { text-align: left; padding: 7px 16px; border-top: 1px solid var(--line); vertical-align: top; }
tr:first-child td, tr:first-child th { border-top: 0; }
th { font-size: 12px; font-weight: 600; color: var(--dim); background: var(--sunk); }
td.n, th.n { text-align: right; white-space: nowrap; } td.name { overflow-wrap: anywhere; }
.kinds td:first-child { width: 62%; } .kinds td.track { width: 28%; } .kinds small { display: block; }
.classes td.track { width: 45%; }
tr.none { color: var(--dim); } .track { white-space: nowrap; font-size: 0; vertical-align: middle; }
.bar { display: inline-block; height: 10px; } .bar.error { background: var(--error); border-radius: 3px; }
.bar.warning { background: var(--warning); border-radius: 3px; } .bar.info { background: var(--info); border-radius: 3px; }
.bar.train { background: var(--train); } .bar.validation { background: var(--validation); }
.bar.test { background: var(--test); }
.error { color: var(--error); } .warning { color: var(--warning); } .info { color: var(--info); }
.dot { width: 10px; height: 10px; border-radius: 50%; background: currentColor; flex: none; }
.count { color: var(--dim); font-weight: 400; }
a { color: inherit; text-decoration-color: var(--dim); text-underline-offset: 3px; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--info); outline-offset: 2px; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(330px, 1fr)); gap: 12px; }
article { padding: 12px; break-inside: avoid; overflow-wrap: anywhere; }
.pair { display: flex; gap: 8px; margin-bottom: 8px; } figure { margin: 0; flex: 1 1 0; min-width: 0; height: 140px;
  background: var(--sunk); border-radius: 8px; overflow: hidden; }
figure img { width: 100%; height: 100%; object-fit: contain; display: block; }
.path { font-weight: 600; white-space: pre-wrap; } .advice { color: var(--info); margin-top: 4px; }
details { margin-top: 12px; } summary { cursor: pointer; color: var(--dim); } li { margin: 4px 0; overflow-wrap: anywhere; }
@media print { body { background: #fff; } .bar, .dot { print-color-adjust: exact; } }
"""
