"""Answers for the views of an evaluation, and how a view is brought into sight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cnnstudio.core.jobs import ClassReport, Evaluated
from cnnstudio.evaluation.answers import Answers, measures, picture_results
from cnnstudio.gui.pages.evaluate.views import EvaluationContext
from cnnstudio.workers.runs.folder import RunFolder


def make_answers(count: int = 300, classes: int = 2, *, seed: int = 0, split: str = "test", sureness: float = 3.0) -> Answers:
    """Answers of a model that is mostly right: its class has the highest probability in most pictures."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    logits = random.normal(0, 1, (count, classes))
    logits[np.arange(count), labels] += 1.5
    powers = np.exp(logits * sureness)
    return Answers(paths=tuple(f"{number}.png" for number in range(count)), labels=labels,
                   probabilities=(powers / powers.sum(axis=1, keepdims=True)).astype(np.float32),
                   class_names=tuple(f"class {number}" for number in range(classes)) if classes != 2 else ("cat", "dog"),
                   run="run", split=split)


def make_context(answers: Answers | None, folder: Path = Path("run"), **fields: Any) -> EvaluationContext:
    """The context of an evaluation with these answers; None: they are still being read."""
    given = answers if answers is not None else make_answers(20)
    values = measures(given, [row.loss for row in picture_results(given)])
    reports: tuple[ClassReport, ...] = values["classes"]
    evaluated = Evaluated(run="run", split=given.split, images=len(given), engine="litert", table="t", **values)
    return EvaluationContext(run=RunFolder(folder), split=given.split, evaluated=evaluated,
                             colors=tuple(range(len(reports))), answers=answers, **fields)
