"""The kinds of checks, and how one is read from a lesson."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cnnstudio.core.registry import Registry
from cnnstudio.learning.course.checks.answers import CHOICE, NUMBER
from cnnstudio.learning.course.checks.benches import BENCH
from cnnstudio.learning.course.checks.entry import Check, CheckKind, Outcome
from cnnstudio.learning.course.checks.pictures import COPIES, LABELS
from cnnstudio.learning.course.checks.projects import PROJECT
from cnnstudio.learning.course.checks.runs import RUN, RUNS

CHECKS: Final[Registry[CheckKind]] = Registry("check", (PROJECT, LABELS, COPIES, RUN, RUNS, BENCH, CHOICE, NUMBER))


def read_check(raw: dict[str, Any]) -> Check:
    """The check of a task from its settings in `lesson.toml`. Raises ValueError."""
    kind = CHECKS.find(str(raw.get("kind", "")))
    if kind is None:
        raise ValueError(f"there is no kind of check called {raw.get('kind')}")
    settings = {name: value for name, value in raw.items() if name != "kind"}
    unknown = set(settings) - set(kind.spec.__struct_fields__)
    if unknown:
        raise ValueError(f"a check of the kind {kind.id} has no {', '.join(sorted(unknown))}")
    return Check(kind, msgspec.convert(settings, kind.spec))


__all__ = ["CHECKS", "Check", "CheckKind", "Outcome", "read_check"]
