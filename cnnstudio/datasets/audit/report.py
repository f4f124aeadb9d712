"""The audit as one HTML file that needs nothing else: figures, and the pictures of every finding."""

from __future__ import annotations

import base64
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cnnstudio.catalog.findings import GROUPS, KINDS, FindingKind
from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.dataset import SPLIT_NAMES, SPLITS
from cnnstudio.core.templates import render_html
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.findings import Finding
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.leakage import split_shares
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.thumbnails import encode_thumbnail, thumbnail

_CARDS: Final = 60
"""Findings of a kind that are shown with their pictures."""
_LISTED: Final = 1000
"""Findings of a kind that are listed by name after those."""
_CLASSES: Final = 200
_SIDE: Final = 200


@dataclass(frozen=True)
class _Figure:
    severity: str
    count: int
    label: str


@dataclass(frozen=True)
class _Card:
    """A finding with the pictures that show it, as (path, data address)."""

    finding: Finding
    pictures: list[tuple[str, str]]
    advice: str


@dataclass(frozen=True)
class _Section:
    """All findings of one kind: some as cards, some as lines, and how many are neither."""

    kind: FindingKind
    count: int
    cards: list[_Card]
    listed: list[Finding]
    unlisted: int


@dataclass(frozen=True)
class _Group:
    label: Text
    sections: list[_Section]


@dataclass(frozen=True)
class _ClassRow:
    name: str
    counts: Mapping[str, int]


def write_report(path: Path, index: Index, root: Path, findings: Iterable[Finding], name: str = "") -> None:
    """Write the report in the language of the program; raises ProblemError."""
    by_kind: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_kind[finding.kind].append(finding)
    thumbnails = _thumbnails(root, _pictured(by_kind))
    classes = _class_rows(index)
    page = render_html(
        "audit.html",
        title=tr("Audit of {name}", "Auditoría de {name}", name=name or root.name),
        subtitle=f"{root} · {datetime.now().strftime('%Y-%m-%d %H:%M')}",
        figures=_figures(index, by_kind), leaks=_leaks(index),
        groups=[_Group(label, [_section(kind, by_kind.get(kind.id, ()), thumbnails)
                               for kind in KINDS if kind.group == group]) for group, label in GROUPS.items()],
        most_findings=max(map(len, by_kind.values()), default=1),
        splits={split: SPLIT_NAMES[split] for split in SPLITS},
        classes=classes[:_CLASSES], hidden_classes=len(classes[_CLASSES:]),
        largest_class=max((sum(row.counts.values()) for row in classes), default=1))
    write_atomically(path, page.encode("utf-8", "replace"))


def _figures(index: Index, by_kind: Mapping[str, Sequence[Finding]]) -> list[_Figure]:
    """Pictures, those with a finding, and findings by severity."""
    total = index.count()
    affected = len({finding.path for findings in by_kind.values() for finding in findings if finding.picture is not None})
    count = {severity: sum(len(findings) for kind, findings in by_kind.items() if KINDS[kind].severity == severity)
             for severity in ("error", "warning", "info")}
    return [
        _Figure("", total, tr("pictures", "imágenes")),
        _Figure("", affected, tr("with a finding ({share:.1%})", "con algún hallazgo ({share:.1%})",
                                 share=affected / max(1, total))),
        _Figure("error", count["error"], tr("errors", "errores")),
        _Figure("warning", count["warning"], tr("warnings", "avisos")),
        _Figure("info", count["info"], tr("notes", "notas"))]


def _leaks(index: Index) -> list[str]:
    """A sentence for every split that shares pictures with training."""
    return [tr("{share:.1%} of the {split} pictures ({leaked} of {n}) have a duplicate in training: the accuracy measured on "
               "them is too high.",
               "El {share:.1%} de las imágenes de {split} ({leaked} de {n}) tiene una copia en entrenamiento: la exactitud "
               "medida con ellas es demasiado alta.",
               share=leaked / pictures, split=str(SPLIT_NAMES[split]).lower(), leaked=leaked, n=pictures)
            for split, (leaked, pictures) in split_shares(index).items() if leaked]


def _class_rows(index: Index) -> list[_ClassRow]:
    """The classes with their pictures by split, the largest first."""
    rows = [_ClassRow(name, {split: counts.get(split, 0) for split in SPLITS})
            for name, counts in index.counts().items() if name]
    return sorted(rows, key=lambda row: -sum(row.counts.values()))


def _section(kind: FindingKind, findings: Sequence[Finding], thumbnails: Mapping[str, str]) -> _Section:
    rest = list(findings[_CARDS:])
    return _Section(kind, len(findings), [_card(finding, thumbnails) for finding in findings[:_CARDS]],
                    rest[:_LISTED], len(rest[_LISTED:]))


def _card(finding: Finding, thumbnails: Mapping[str, str]) -> _Card:
    advice = ""
    if finding.data.get("keep"):
        advice = tr("Keep {path}", "Conservar {path}", path=finding.data["keep"])
    elif finding.data.get("suggested"):
        advice = tr("Perhaps {name}", "Quizá {name}", name=finding.data["suggested"])
    return _Card(finding, [(path, thumbnails[path]) for path in _pictures(finding) if thumbnails.get(path)], advice)


def _pictures(finding: Finding) -> tuple[str, ...]:
    """The picture of a finding and the first one it is compared with."""
    return (finding.path, *finding.others[:1]) if finding.picture is not None else ()


def _pictured(by_kind: Mapping[str, Sequence[Finding]]) -> list[str]:
    """The paths of all pictures on cards, each once; those that cannot be read have no thumbnail."""
    return list(dict.fromkeys(path for kind, findings in by_kind.items() if kind != "unreadable"
                              for finding in findings[:_CARDS] for path in _pictures(finding)))


def _thumbnails(root: Path, paths: list[str]) -> dict[str, str]:
    """Data addresses of the pictures, "" for those that cannot be shown."""
    def data_address(path: str) -> str:
        try:
            data = encode_thumbnail(thumbnail(root / path, _SIDE), 80)
        except PictureError:
            return ""
        return "data:image/jpeg;base64," + base64.b64encode(data).decode()

    with ThreadPoolExecutor(os.cpu_count() or 2, thread_name_prefix="report") as pool:
        return dict(zip(paths, pool.map(data_address, paths), strict=True))
