"""Evidence as runs leave it, made up: healthy unless a test changes it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from cnnstudio.core.project import Project
from cnnstudio.core.trial_jobs import Inspected
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.workers.coach.evidence import Evidence

CLASSES = tuple("0123456789")
FACTS = Facts(classes=CLASSES, median_height=28, median_width=28, grey=True)


def project(template: str = "lenet5", base: str = "") -> Project:
    return new_project("p", "", FACTS, template=template, base=base)


def falling(start: float, end: float, count: int = 12) -> tuple[float, ...]:
    """A loss that falls quickly at first, then hardly."""
    return tuple(end + (start - end) * 0.55 ** number for number in range(count))


def inspected(**changes: Any) -> Inspected:
    """What is seen in a network that has learned."""
    seen = Inspected(run="r", train_pictures=1000, validation_pictures=500, train_accuracy=0.985, train_loss=0.05,
                     validation_accuracy=0.97, validation_loss=0.1, recalls=(0.97,) * 10, supports=(50,) * 10, certain=0.5,
                     certain_right=0.995)
    return replace(seen, **changes)


def evidence(**changes: Any) -> Evidence:
    """A run of digits without a fault."""
    losses, checked = falling(1.2, 0.05), falling(0.8, 0.1)
    found = Evidence(run="r", project=project(), class_names=CLASSES, inspected=inspected(), counts={
        "train": (350,) * 10, "validation": (75,) * 10, "test": (75,) * 10}, first_losses=(2.4, 2.0, 1.2),
        curves={"loss": losses, "accuracy": tuple(1 - loss / 2.4 for loss in losses), "val_loss": checked,
                "val_accuracy": tuple(0.98 - loss / 5 for loss in checked), "learning_rate": (0.001,) * len(losses)})
    return replace(found, **changes)


def with_curves(found: Evidence, **curves: tuple[float, ...]) -> Evidence:
    return replace(found, curves=found.curves | curves)
