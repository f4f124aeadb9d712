"""Evaluations with the answers of a made-up model, as the tests of the page need them."""

from __future__ import annotations

import numpy as np

from cnnstudio.core.jobs import Evaluated
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.evaluation.answers import Answers, write_answers
from cnnstudio.workers.runs.calibration import write_evaluation
from cnnstudio.workers.runs.folder import RunFolder


def evaluate_with_answers(run: RunFolder, split: str = "test", wrong: int = 2, seed: int = 0) -> Answers:
    """An evaluation on the disk with its answers; the first `wrong` pictures are mistakes."""
    manifest = read_manifest(run.manifest_path)
    entries, names = manifest.split(split), manifest.header.class_names
    random = np.random.default_rng(seed)
    labels = np.array([entry.label for entry in entries], np.int64)
    probabilities = random.uniform(0.01, 0.4, (len(entries), len(names))).astype(np.float32)
    predicted = np.where(np.arange(len(entries)) < wrong, (labels + 1) % len(names), labels)
    probabilities[np.arange(len(entries)), predicted] += 1
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    answers = Answers(paths=tuple(entry.path for entry in entries), labels=labels, probabilities=probabilities,
                      class_names=names, run=run.id, split=split)
    write_answers(run.answers_path(split), answers)
    write_evaluation(run.table_path(split), answers, Evaluated(
        run=run.id, split=split, images=len(entries), loss=0, accuracy=0, classes=(), confusion=(), engine="litert",
        table=str(run.table_path(split))))
    return answers
