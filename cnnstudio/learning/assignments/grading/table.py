"""The lines of grading as a table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnnstudio.core.csv_text import csv_bytes
from cnnstudio.core.text import tr
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.learning.assignments.grading.checks import CHECKS
from cnnstudio.learning.assignments.grading.marks import VERDICTS, Line


def table_bytes(lines: Sequence[Line]) -> bytes:
    """CSV with one line for every capsule: its figures, a column for each check, and the answers in words."""
    metric = next((str(FIGURES[line.metric].label) for line in lines if line.metric in FIGURES), tr("metric", "cifra"))
    questions = next(([str(question) for question, _answer in line.answers] for line in lines if line.answers), [])
    head: list[object] = [
        tr("file", "archivo"), tr("student", "estudiante"), tr("verdict", "resultado"), metric,
        tr("95% from", "95 % desde"), tr("95% to", "95 % hasta"), tr("validation", "validación"),
        tr("reported", "declarada"), tr("parameters", "parámetros"), tr("epochs", "épocas"),
        tr("training pictures", "imágenes de entrenamiento"), tr("run", "entrenamiento"),
        *(str(check.label) for check in CHECKS), *questions]
    return csv_bytes([head, *(_row(line, len(questions)) for line in lines)])


def _row(line: Line, questions: int) -> Iterable[object]:
    low, high = line.interval or (None, None)
    yield from (line.file, line.student, str(VERDICTS[line.verdict]))
    for number in (line.value, low, high, line.validation, line.reported, line.parameters, line.epochs, line.training_pictures):
        yield "" if number is None else number
    yield line.run
    for check in CHECKS:
        yield "; ".join(str(mark.text) for mark in line.marks if mark.check == check.id)
    answers = [answer for _question, answer in line.answers]
    yield from (*answers, *[""] * (questions - len(answers)))
