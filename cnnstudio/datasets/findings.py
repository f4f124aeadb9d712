"""Findings of the audit in the index, and which of them the user accepted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from cnnstudio.core.text import Text
from cnnstudio.datasets.database import stored_json
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.query import SETTLED

Severity = Literal["error", "warning", "info"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the audit found. `path` is the picture, or the name of a class where `picture` is None.

    `others` are the paths of the duplicates; `score` is 0 to 1, higher is worse; `text` is the reason, a sentence.
    `data` is for the fixes: `suggested` (a class), `keep` (the path of the copy to keep).
    """

    kind: str
    path: str
    picture: int | None = None
    others: tuple[str, ...] = ()
    score: float = 1.0
    severity: Severity = "warning"
    text: Text
    data: dict[str, Any] = {}


_COLUMNS = "f.kind, f.subject, f.picture, f.others, f.score, f.severity, f.text_en, f.text_es, f.data"


def store(index: Index, findings: Iterable[Finding], kinds: Iterable[str]) -> None:
    """Replace all findings of `kinds`, in one transaction."""
    chosen = tuple(kinds)
    rows = [(finding.kind, finding.path, finding.picture, json.dumps(finding.others), finding.score, finding.severity,
             finding.text.en, finding.text.es, json.dumps(finding.data)) for finding in findings if finding.kind in chosen]
    with index.transaction() as connection:
        connection.executemany("DELETE FROM findings WHERE kind = ?", [(kind,) for kind in chosen])
        connection.executemany(
            "INSERT INTO findings (kind, subject, picture, others, score, severity, text_en, text_es, data)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def counts(index: Index) -> dict[str, int]:
    """Open findings by kind, without those of excluded pictures."""
    return dict(index.rows(
        "SELECT f.kind, COUNT(*) FROM findings f LEFT JOIN pictures p ON p.id = f.picture"
        f" WHERE NOT {SETTLED} AND NOT COALESCE(p.excluded, 0) GROUP BY f.kind"))


def of_picture(index: Index, path: str) -> list[Finding]:
    """Open findings about a picture, worst first."""
    return _read(index, f"WHERE f.subject = ? AND f.picture IS NOT NULL AND NOT {SETTLED}", (path,))


def all_findings(index: Index, kinds: Sequence[str] = (), *, accepted: bool = False) -> list[Finding]:
    """All findings (of these kinds), worst first; with `accepted` also the settled ones (accepted or fixed)."""
    parts = [f"f.kind IN ({','.join('?' * len(kinds))})"] if kinds else []
    if not accepted:
        parts.append(f"NOT {SETTLED}")
    return _read(index, "WHERE " + " AND ".join(parts) if parts else "", tuple(kinds))


def _read(index: Index, where: str, values: tuple[Any, ...]) -> list[Finding]:
    return [Finding(kind=row[0], path=row[1], picture=row[2], others=stored_json(row[3], tuple[str, ...], index.path),
                    score=row[4], severity=row[5], text=Text(row[6], row[7]),
                    data=stored_json(row[8], dict[str, Any], index.path))
            for row in index.rows(f"SELECT {_COLUMNS} FROM findings f {where} ORDER BY f.score DESC, f.subject", values)]
