"""The audit as one HTML file that needs nothing else: figures, and the pictures of every finding."""

from __future__ import annotations

import base64
import html
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from cnnstudio.catalog.findings import GROUPS, KINDS
from cnnstudio.core.files import write_atomically
from cnnstudio.core.text import language, tr
from cnnstudio.datasets.findings import Finding
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.leakage import split_shares
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.thumbnails import encode_thumbnail, thumbnail

_SHOWN: Final = 60
"""Findings of a kind that are shown with their pictures; the others are counted."""
_SIDE: Final = 160
_STYLE: Final = """
:root { color-scheme: light dark; --bg: #f6f6f4; --card: #fff; --line: #e2e2de; --text: #1b1d20; --dim: #5f646b;
  --error: #c23b31; --warning: #9a6208; --info: #3a64d8; }
@media (prefers-color-scheme: dark) { :root { --bg: #16181b; --card: #25282d; --line: #32363c; --text: #e9eaec;
  --dim: #a2a7af; --error: #f0776c; --warning: #e0a94a; --info: #7fa3ff; } }
body { margin: 0; background: var(--bg); color: var(--text); font: 14px/1.45 Inter, system-ui, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 32px 0 4px; }
.dim { color: var(--dim); margin: 0 0 16px; }
table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line); }
td, th { text-align: left; padding: 7px 12px; border-bottom: 1px solid var(--line); } td.n { text-align: right; }
a { color: inherit; } .error { color: var(--error); } .warning { color: var(--warning); } .info { color: var(--info); }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 12px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px; overflow: hidden; }
.pair { display: flex; gap: 8px; margin-bottom: 8px; } .pair img { height: 120px; max-width: 48%; border-radius: 8px;
  object-fit: contain; background: var(--bg); } .path { font-weight: 600; overflow-wrap: anywhere; }
"""


def write_report(path: Path, index: Index, root: Path, findings: Iterable[Finding], name: str = "") -> None:
    """Write the report in the language of the program; raises ProblemError."""
    by_kind: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_kind[finding.kind].append(finding)
    title = tr("Audit of {name}", "Auditoría de {name}", name=name or root.name)
    parts = [f"<!doctype html><html lang='{language()}'><meta charset='utf-8'><title>{_safe(title)}</title>",
             "<meta name='viewport' content='width=device-width'>", f"<style>{_STYLE}</style><main>",
             f"<h1>{_safe(title)}</h1>", f"<p class='dim'>{_safe(_summary(index, root))}</p>", _table(by_kind)]
    for kind in KINDS:
        if kind.id in by_kind:
            parts.append(_section(kind.id, by_kind[kind.id], root))
    write_atomically(path, "\n".join([*parts, "</main></html>\n"]).encode("utf-8", "replace"))


def _summary(index: Index, root: Path) -> str:
    words = tr("{n} pictures in {root}, {time}.", "{n} imágenes en {root}, {time}.", n=index.count(), root=root,
               time=datetime.now().strftime("%Y-%m-%d %H:%M"))
    for split, (leaked, pictures) in split_shares(index).items():
        if leaked:
            words += " " + tr("{share:.1%} of the {split} pictures have a twin in training.",
                              "El {share:.1%} de las imágenes de {split} tiene una gemela en entrenamiento.",
                              share=leaked / pictures, split=split)
    return words


def _table(by_kind: dict[str, list[Finding]]) -> str:
    rows = []
    for group, label in GROUPS.items():
        for kind in KINDS:
            if kind.group == group:
                number = len(by_kind.get(kind.id, ()))
                link = f"<a href='#{kind.id}'>{_safe(str(kind.label))}</a>" if number else _safe(str(kind.label))
                rows.append(f"<tr><td>{_safe(str(label))}<td class='{kind.severity if number else ''}'>{link}"
                            f"<td class='n'>{number}<td>{_safe(str(kind.help))}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _section(identifier: str, findings: list[Finding], root: Path) -> str:
    kind = KINDS[identifier]
    cards = "".join(_card(each, root) for each in findings[:_SHOWN])
    more = ""
    if len(findings) > _SHOWN:
        more = f"<p class='dim'>{_safe(tr('and {n} more', 'y {n} más', n=len(findings) - _SHOWN))}</p>"
    return (f"<h2 id='{identifier}' class='{kind.severity}'>{_safe(str(kind.label))} · {len(findings)}</h2>"
            f"<p class='dim'>{_safe(str(kind.help))}</p><div class='grid'>{cards}</div>{more}")


def _card(finding: Finding, root: Path) -> str:
    shown = [finding.path, *finding.others[:1]] if finding.picture is not None else []
    pictures = "".join(_image(root / each, each) for each in shown)
    return (f"<div class='card'><div class='pair'>{pictures}</div><div class='path'>{_safe(finding.path)}</div>"
            f"<div>{_safe(str(finding.text))}</div></div>")


def _image(path: Path, name: str) -> str:
    try:
        data = base64.b64encode(encode_thumbnail(thumbnail(path, _SIDE))).decode()
    except PictureError:
        return ""
    return f"<img alt='{_safe(name)}' src='data:image/jpeg;base64,{data}'>"


def _safe(words: str) -> str:
    return html.escape(words, quote=True)
