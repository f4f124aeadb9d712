"""A check of the project as it is now: settings, network, recipe."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.core.text import Text
from cnnstudio.learning.course.checks.conditions import Condition, measure
from cnnstudio.learning.course.checks.entry import NO_PROJECT, CheckKind, Outcome, joined
from cnnstudio.learning.course.evidence import Evidence

_NOT_BUILT: Final = Text("the network still has problems that keep it from being built",
                         "la red aún tiene problemas que impiden construirla")


class ProjectCheck(msgspec.Struct, frozen=True, kw_only=True):
    """All conditions hold; `builds`: Keras can also build the network."""

    conditions: tuple[Condition, ...] = ()
    builds: bool = True


def _judge(evidence: Evidence, check: ProjectCheck) -> Outcome:
    subject = evidence.subject
    if subject is None:
        return NO_PROJECT
    measured = measure(check.conditions, subject)
    texts, missing = measured.texts(), [condition.wanted() for condition in measured.open]
    if check.builds:
        texts.append(Text("the network can be built", "la red se puede construir") if subject.builds else _NOT_BUILT)
        if not subject.builds:
            missing.insert(0, Text("mend the problems of the network", "corrija los problemas de la red"))
    wanted = len(check.conditions) + check.builds
    return Outcome(done=not missing, measured=joined(texts), missing=joined(missing), share=1 - len(missing) / max(1, wanted))


PROJECT: Final = CheckKind(id="project", looks_at="project", spec=ProjectCheck, judge=_judge)
