"""The advice that the evidence of a run supports, the most convincing first."""

from __future__ import annotations

from typing import Final

from cnnstudio.core.registry import Registry
from cnnstudio.workers.coach import learning_rules, network_rules, picture_rules
from cnnstudio.workers.coach.advice import Advice, Rule
from cnnstudio.workers.coach.evidence import Evidence

RULES: Final = Registry("advice", (*learning_rules.RULES, *picture_rules.RULES, *network_rules.RULES))


def judge(evidence: Evidence) -> tuple[Advice, ...]:
    """All advice by confidence; what another one explains is left out."""
    found = [(rule, advice) for rule in RULES if (advice := rule.find(evidence)) is not None]
    told = [pair for pair in found if not any(_explains(other, pair) for other in found if other is not pair)]
    return tuple(sorted((advice for _rule, advice in told), key=lambda advice: -advice.confidence))


def _explains(one: tuple[Rule, Advice], other: tuple[Rule, Advice]) -> bool:
    """Whether the other advice says nothing new; of two that explain each other, the surer one stays."""
    both = one[0].id in other[0].explains
    return other[0].id in one[0].explains and not (both and other[1].confidence >= one[1].confidence)
