"""The audit as one self-contained HTML file: figures, and the pictures of every finding."""

from __future__ import annotations

import base64
import html
import os
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Final

from cnnstudio.catalog.findings import GROUPS, KINDS
from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.dataset import SPLIT_NAMES, SPLITS
from cnnstudio.core.text import language, tr
from cnnstudio.datasets.audit.report_style import STYLE
from cnnstudio.datasets.findings import Finding
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.leakage import split_shares
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.thumbnails import encode_thumbnail, thumbnail

_MOST_CARDS: Final = 60
"""Findings of a kind that are shown with their pictures."""
_LISTED: Final = 1000
"""Findings of a kind that are listed by name after those."""
_CLASSES: Final = 200
_SIDE: Final = 200


def write_report(path: Path, index: Index, root: Path, findings: Iterable[Finding], name: str = "") -> None:
    """Write the report in the language of the program; raises ProblemError."""
    by_kind: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_kind[finding.kind].append(finding)
    title = tr("Audit of {name}", "Auditoría de {name}", name=name or root.name)
    pictures = _thumbnails(root, _wanted(by_kind))
    parts = [
        f"<!doctype html>\n<html lang='{language()}'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<title>{_safe(title)}</title><style>{STYLE}</style></head><body><main>",
        f"<header><h1>{_safe(title)}</h1><p class='dim'>{_safe(_when(root))}</p></header>",
        _figures(index, by_kind), _leaks(index), _table(by_kind), _classes(index)]
    for group, label in GROUPS.items():
        kinds = [kind.id for kind in KINDS if kind.group == group and kind.id in by_kind]
        if kinds:
            parts.append(f"<h2 class='group'>{_safe(str(label))}</h2>")
            parts += [_section(kind, by_kind[kind], pictures) for kind in kinds]
    write_atomically(path, "\n".join([*parts, "</main></body></html>\n"]).encode("utf-8", "replace"))


def _when(root: Path) -> str:
    return f"{root} · {datetime.now().strftime('%Y-%m-%d %H:%M')}"


# Figures -------------------------------------------------------------------------------------------

def _figures(index: Index, by_kind: dict[str, list[Finding]]) -> str:
    """Four numbers: pictures, those with a finding, and errors and warnings."""
    total = index.count()
    touched = len({item.path for them in by_kind.values() for item in them if item.picture is not None})
    by_severity = {severity: sum(len(them) for kind, them in by_kind.items() if KINDS[kind].severity == severity)
                   for severity in ("error", "warning", "info")}
    figures = (
        ("", total, tr("pictures", "imágenes")),
        ("", touched, tr("with a finding ({share:.1%})", "con algún hallazgo ({share:.1%})",
                         share=touched / max(1, total))),
        ("error", by_severity["error"], tr("errors", "errores")),
        ("warning", by_severity["warning"], tr("warnings", "avisos")),
        ("info", by_severity["info"], tr("notes", "notas")))
    cells = "".join(f"<div class='figure'><b class='{tone if number else ''}'>{_number(number)}</b>"
                    f"<span>{_safe(label)}</span></div>" for tone, number, label in figures)
    return f"<div class='figures'>{cells}</div>"


def _leaks(index: Index) -> str:
    messages = [tr("{share:.1%} of the {split} pictures ({leaked} of {n}) have a twin in training: the accuracy measured "
                   "on them is flattered.",
                   "El {share:.1%} de las imágenes de {split} ({leaked} de {n}) tiene una gemela en entrenamiento: la "
                   "exactitud medida en ellas sale embellecida.",
                   share=leaked / pictures, split=str(SPLIT_NAMES[split]).lower(), leaked=leaked, n=pictures)
                for split, (leaked, pictures) in split_shares(index).items() if leaked]
    return "".join(f"<p class='callout'>{_safe(message)}</p>" for message in messages)


def _table(by_kind: dict[str, list[Finding]]) -> str:
    most = max((len(them) for them in by_kind.values()), default=1)
    rows = []
    for group, label in GROUPS.items():
        rows.append(f"<tr><th colspan='3' scope='rowgroup'>{_safe(str(label))}</th></tr>")
        for kind in KINDS:
            if kind.group == group:
                number = len(by_kind.get(kind.id, ()))
                title = _safe(str(kind.label))
                link = f"<a href='#{kind.id}'>{title}</a>" if number else title
                bar = f"<i class='bar {kind.severity}' style='width:{max(1, 100 * number / most):.1f}%'></i>" if number else ""
                rows.append(f"<tr class='{'' if number else 'none'}'><td>{link}<small>{_safe(str(kind.help))}</small></td>"
                            f"<td class='n'>{_number(number)}</td><td class='track'>{bar}</td></tr>")
    return f"<table class='kinds'>{''.join(rows)}</table>"


def _classes(index: Index) -> str:
    counts = {name: splits for name, splits in index.counts().items() if name}
    if not counts:
        return ""
    most = max(sum(splits.values()) for splits in counts.values())
    heads = "".join(f"<th class='n'>{_safe(str(SPLIT_NAMES[split]))}</th>" for split in SPLITS)
    rows = []
    for name, splits in sorted(counts.items(), key=lambda item: -sum(item[1].values()))[:_CLASSES]:
        cells = "".join(f"<td class='n'>{_number(splits.get(split, 0))}</td>" for split in SPLITS)
        bars = "".join(f"<i class='bar {split}' style='width:{100 * splits.get(split, 0) / most:.2f}%'></i>"
                       for split in SPLITS)
        rows.append(f"<tr><td class='name'>{_safe(name)}</td>{cells}<td class='track'>{bars}</td></tr>")
    hidden = len(counts) - len(rows)
    more = f"<p class='dim'>{_safe(tr('and {n} more classes', 'y {n} clases más', n=hidden))}</p>" if hidden else ""
    return (f"<h2 class='group'>{_safe(tr('Classes', 'Clases'))}</h2><table class='classes'>"
            f"<tr><th></th>{heads}<th></th></tr>{''.join(rows)}</table>{more}")


# Findings ------------------------------------------------------------------------------------------

def _section(identifier: str, findings: list[Finding], pictures: dict[str, str]) -> str:
    kind = KINDS[identifier]
    cards = "".join(_card(item, pictures) for item in findings[:_MOST_CARDS])
    rest, more = findings[_MOST_CARDS:_MOST_CARDS + _LISTED], ""
    if rest:
        lines = "".join(f"<li><b>{_safe(item.path)}</b> {_safe(str(item.text))}</li>" for item in rest)
        summary = tr("{n} more", "{n} más", n=_number(len(findings) - _MOST_CARDS))
        left = len(findings) - _MOST_CARDS - len(rest)
        lines += f"<li>{_safe(tr('and {n} that are not listed', 'y {n} sin enumerar', n=left))}</li>" if left else ""
        more = f"<details><summary>{_safe(summary)}</summary><ul>{lines}</ul></details>"
    return (f"<section id='{identifier}'><h3><i class='dot {kind.severity}'></i>{_safe(str(kind.label))}"
            f"<span class='count'>{_number(len(findings))}</span></h3>"
            f"<p class='dim'>{_safe(str(kind.help))}</p><div class='grid'>{cards}</div>{more}</section>")


def _card(finding: Finding, pictures: dict[str, str]) -> str:
    images = "".join(f"<figure><img loading='lazy' alt='{_safe(item)}' title='{_safe(item)}' src='{pictures[item]}'>"
                     f"</figure>" for item in _pictured(finding) if pictures.get(item))
    advice = ""
    if finding.data.get("keep"):
        advice = tr("Keep {path}", "Conservar {path}", path=finding.data["keep"])
    elif finding.data.get("suggested"):
        advice = tr("Perhaps {name}", "Quizá {name}", name=finding.data["suggested"])
    more = f"<p class='advice'>{_safe(advice)}</p>" if advice else ""
    return (f"<article>{f'<div class=pair>{images}</div>' if images else ''}<p class='path'>{_safe(finding.path)}</p>"
            f"<p>{_safe(str(finding.text))}</p>{more}</article>")


def _pictured(finding: Finding) -> tuple[str, ...]:
    return (finding.path, *finding.others[:1]) if finding.picture is not None else ()


def _wanted(by_kind: dict[str, list[Finding]]) -> list[str]:
    return list(dict.fromkeys(path for kind, them in by_kind.items() if kind != "unreadable"
                              for item in them[:_MOST_CARDS] for path in _pictured(item)))


def _thumbnails(root: Path, paths: list[str]) -> dict[str, str]:
    """Data URLs of the pictures, "" for those that cannot be shown."""
    def one(path: str) -> str:
        try:
            data = encode_thumbnail(thumbnail(root / path, _SIDE), 80)
        except PictureError:
            return ""
        return "data:image/jpeg;base64," + base64.b64encode(data).decode()

    with ThreadPoolExecutor(os.cpu_count() or 2, thread_name_prefix="report") as pool:
        return dict(zip(paths, pool.map(one, paths), strict=True))


def _number(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _safe(text: str) -> str:
    return html.escape(text, quote=True)
