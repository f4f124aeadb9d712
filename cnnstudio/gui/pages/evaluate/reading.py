"""Reading an evaluation in a thread: the table of its pictures, and the answers of the model. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cnnstudio.core.jobs import Evaluated, Ranked
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.evaluation.answers import Answers, no_answers_problem
from cnnstudio.gui.pages.evaluate.results import Answer, Results, read_results
from cnnstudio.workers.runs.calibration import calibrated_answers
from cnnstudio.workers.runs.folder import RunFolder


@dataclass(frozen=True)
class ReadEvaluation:
    """The table of an evaluation and its answers, or None with the problem why there are none. `places` has the row of the
    table of each of the answers."""

    results: Results
    answers: Answers | None
    problem: Problem | None
    places: tuple[int, ...] = ()

    def pictures(self, numbers: np.ndarray) -> list[Answer]:
        """The pictures of answers by their numbers."""
        return [self.results.answers[self.places[number]] for number in numbers.tolist()]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {} if self.answers is None else {path: number for number, path in enumerate(self.answers.paths)}

    def ranked(self, answer: Answer, most: int) -> tuple[Ranked, ...]:
        """The likeliest classes of a picture with their probabilities; empty where they were not kept."""
        number = self._numbers.get(answer.relative)
        if self.answers is None or number is None:
            return ()
        chances = self.answers.probabilities[number]
        return tuple(Ranked(label=self.answers.class_names[place], probability=float(chances[place]))
                     for place in np.argsort(-chances, kind="stable")[:most].tolist())


def read_evaluation(run: RunFolder, split: str, evaluated: Evaluated) -> ReadEvaluation:
    """Read the evaluation `evaluated` of a split. Raises ProblemError where its table is damaged."""
    results = read_results(run, split)
    results.prepare()
    try:
        answers = calibrated_answers(run, split)
    except ProblemError as missing:
        return ReadEvaluation(results, None, missing.problems[0])
    rows = {answer.relative: place for place, answer in enumerate(results.answers)}
    names = tuple(entry.name for entry in evaluated.classes)
    if answers.class_names != names or not rows.keys() >= set(answers.paths):
        # The files of two evaluations lie beside each other: one of them was put back by hand.
        return ReadEvaluation(results, None, no_answers_problem(run.answers_path(split)))
    return ReadEvaluation(results, answers, None, tuple(rows[path] for path in answers.paths))
