"""Runs with kept answers, as an evaluation leaves them; their model is a file of any bytes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from cnnstudio.core.jobs import Evaluated
from cnnstudio.evaluation.answers import Answers, write_answers
from cnnstudio.workers.runs.calibration import write_evaluation
from cnnstudio.workers.runs.folder import RunFolder
from tests.evaluation.material import draw
from tests.workers.evaluated_runs import evaluated_run, result

CLASSES = ("cat", "dog", "fox")
BEFORE = 1_000_000_000


def answered_run(folder: Path, count: int = 300, seed: int = 1, splits: tuple[str, ...] = ("validation", "test"),
                 temperature: float = 0.4) -> RunFolder:
    """A run in the project folder with a model that is far too sure."""
    run = evaluated_run(folder, [result("cat/1.png", 0)], classes=CLASSES)
    run.model_path.write_bytes(os.urandom(50))
    os.utime(run.model_path, (BEFORE, BEFORE))
    for number, split in enumerate(splits):
        keep(run, split, draw(np.random.default_rng(seed + number), count, len(CLASSES), 2.0, temperature))
    return run


def keep(run: RunFolder, split: str, drawn: Answers) -> Answers:
    """Keep the answers as the Evaluate job does."""
    answers = Answers(drawn.paths, drawn.labels, drawn.probabilities, CLASSES, run=run.id, split=split)
    write_answers(run.answers_path(split), answers)
    write_evaluation(run.table_path(split), answers, Evaluated(
        run=run.id, split=split, images=len(answers), loss=0, accuracy=0, classes=(), confusion=(),
        table=str(run.table_path(split))))
    return answers
