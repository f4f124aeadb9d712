"""What a kind of check declares about itself, and what it says of a task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from cnnstudio.core.text import Text
from cnnstudio.learning.course.evidence import Evidence

LooksAt = Literal["project", "pictures", "runs", "benches", "answers"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """`measured` is what was found, `missing` what is still to do ("" where nothing is); `share` (0 to 1) how much is done."""

    done: bool
    measured: Text
    missing: Text = Text("", "")
    share: float = 0.0


class CheckKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of check. `spec` is the type of its settings in `lesson.toml`, `judge(evidence, settings)` decides.

    `looks_at` says which changes in the window can change the outcome.
    """

    id: str
    looks_at: LooksAt
    spec: type[msgspec.Struct]
    judge: Callable[[Evidence, Any], Outcome]


class Check(msgspec.Struct, frozen=True):
    """A check of a task: its kind with its settings."""

    kind: CheckKind
    spec: Any

    def judge(self, evidence: Evidence) -> Outcome:
        """Whether it holds. Raises ProblemError where the project cannot be read."""
        return self.kind.judge(evidence, self.spec)


NO_PROJECT = Outcome(
    done=False, measured=Text("no project yet", "aún no hay proyecto"),
    missing=Text("Start the lesson: this makes its project.", "Empiece la lección: así se crea su proyecto."))


def joined(texts: list[Text], separator: str = "; ") -> Text:
    """Several texts as one."""
    return Text(separator.join(text.en for text in texts), separator.join(text.es for text in texts))
