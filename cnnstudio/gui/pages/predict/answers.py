"""The answers on the page: a hundred thousand of them in little memory, and how many are doubtful."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from cnnstudio.core.calibration import Rejection
from cnnstudio.core.jobs import Answered, Prediction, Ranked
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.predict.doubt import doubt_reason
from cnnstudio.gui.state.prediction_server import PredictionServer
from cnnstudio.gui.widgets.formatting import (
    format_count,
    format_duration,
    format_engine,
    format_number,
    format_pictures,
)
from cnnstudio.workers.compact_answers import AnswerPacker, as_array


class Answer:
    """A file and its prediction, which is None until the answer arrives.

    With a packer the prediction is kept in little memory. `corrected` is the right class where the user gave one, `added`
    whether the picture was added to the project's data since.
    """

    __slots__ = ("_answer_set", "_not_sure", "_packer", "_prediction", "_values", "added", "best", "corrected", "path",
                 "problem_found", "rejection")

    def __init__(self, path: str, prediction: Prediction | None = None, rejection: Rejection | None = None,
                 packer: AnswerPacker | None = None) -> None:
        self.path = path
        self.corrected = ""
        self.added = False
        self.take(prediction, rejection, packer)

    def take(self, prediction: Prediction | None, rejection: Rejection | None, packer: AnswerPacker | None = None) -> None:
        """Take the prediction, and when the model that answered is not sure."""
        self.rejection = rejection
        self._packer = packer
        self._values: array[float] | None = None
        self._prediction: Prediction | None = prediction
        self._not_sure: bool | None = None
        self._answer_set: tuple[str, ...] | None = None
        self.problem_found: Problem | None = None
        self.best: Ranked | None = None
        """The best class; None without an answer."""
        if prediction is None:
            return
        self.problem_found = prediction.problem
        self._not_sure, self._answer_set = prediction.not_sure, prediction.answer_set
        self.best = prediction.top[0] if prediction.top else None
        if packer is not None and prediction.problem is None:
            self._values, self._prediction = packer.pack(prediction.top), None

    @property
    def answered(self) -> bool:
        """Whether the answer, or the problem that prevents it, is known."""
        return self._prediction is not None or self._values is not None

    @property
    def prediction(self) -> Prediction | None:
        """The prediction with all classes, the best first."""
        if self._values is None or self._packer is None:
            return self._prediction
        return Prediction(request=0, path=self.path, top=self._packer.unpack(self._values), not_sure=self._not_sure,
                          answer_set=self._answer_set)

    def probabilities(self, names: Sequence[str]) -> np.ndarray | None:
        """Those of all classes of the model, in the order of their names: float32; None without an answer."""
        if self._values is not None and self._packer is not None and self._packer.names == tuple(names):
            return np.asarray(self._values)
        prediction = self.prediction
        return None if prediction is None else as_array(prediction, AnswerPacker(names))

    @property
    def label(self) -> str:
        """The class that the picture is taken for: the user's, else the predicted one; "" without an answer."""
        return self.corrected or (self.best.label if self.best is not None else "")

    @property
    def not_sure(self) -> bool:
        return bool(self._not_sure)

    @property
    def tells_doubt(self) -> bool:
        """Whether the model that answered has a reject option."""
        return self._not_sure is not None

    @property
    def reason(self) -> str:
        """Why the model is not sure; "" where it is."""
        prediction = self.prediction if self._not_sure else None
        return doubt_reason(prediction, self.rejection) if prediction is not None else ""

    @property
    def problem(self) -> str:
        """The text of its problem; "" without one."""
        return str(self.problem_found.text) if self.problem_found is not None else ""

    @property
    def name(self) -> str:
        return os.path.basename(self.path)


def answer_of_frame(path: Path, prediction: Prediction, server: PredictionServer) -> Answer:
    """The answer of a frame as that of the picture which it was saved as."""
    return Answer(str(path), msgspec.structs.replace(prediction, path=str(path), frame=None, seconds=None), server.rejection)


class AnswerList:
    """Answers in the order of arrival, counted as they come."""

    def __init__(self, answers: Iterable[Answer] = ()) -> None:
        self.rows: list[Answer] = []
        self.doubtful = self.unreadable = 0
        self.add(answers)

    def add(self, answers: Iterable[Answer]) -> None:
        """Append answers."""
        for answer in answers:
            self.rows.append(answer)
            self.doubtful += answer.not_sure
            self.unreadable += answer.problem_found is not None

    @property
    def with_doubt(self) -> bool:
        """Whether the model that answered has a reject option."""
        return any(answer.tells_doubt for answer in self.rows)

    def corrections(self) -> dict[str, str]:
        """The user's right classes, by path."""
        return {answer.path: answer.corrected for answer in self.rows if answer.corrected}


def format_note(event: Answered) -> str:
    """The duration of a request, and the engine."""
    seconds = f"{format_number(event.seconds * 1000, 0)} ms" if event.seconds < 1 else format_duration(event.seconds)
    return f"{seconds} · {format_engine(event.engine)}"


def format_summary(answers: AnswerList, done: int, total: int) -> str:
    """How many pictures were answered, and how many were doubtful and unreadable."""
    text = format_pictures(total) if done == total else tr("{done} of {total}", "{done} de {total}", done=format_count(done),
                                                           total=format_pictures(total))
    if answers.doubtful:
        text += " · " + tr("{n} not sure", "{n} sin certeza", n=format_count(answers.doubtful))
    if not answers.unreadable:
        return text
    return f"{text} · " + (tr("1 unreadable", "1 ilegible") if answers.unreadable == 1
                           else tr("{n} unreadable", "{n} ilegibles", n=format_count(answers.unreadable)))
