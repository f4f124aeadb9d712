"""The learning curve of a run: its fit, and where it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.foreign_files import find_json
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import Problem, ProblemError, warning
from cnnstudio.core.renamed_classes import present_name
from cnnstudio.core.trial_jobs import CurveFitted, CurvePoint, ExpectedGain
from cnnstudio.evaluation.learning_curve import Measured, expected_gain
from cnnstudio.workers.runs.folder import RunFolder


def fitted_curve(run: str, split: str, points: Sequence[CurvePoint], class_names: Sequence[str], stages: int) -> CurveFitted:
    """The event with what twice as many pictures are expected to bring."""
    classes = []
    for number, name in enumerate(class_names):
        of_class = [Measured(pictures=point.learned[number], right=point.rights[number], of=point.supports[number])
                    for point in points]
        classes.append((name, _expected(of_class)))
    whole = [Measured(pictures=point.pictures, right=sum(point.rights), of=point.of) for point in points]
    return CurveFitted(run=run, split=split, points=tuple(points), expected=_expected(whole), classes=tuple(classes),
                       stages=stages)


def _expected(points: Sequence[Measured]) -> ExpectedGain | None:
    gain = expected_gain(points)
    return None if gain is None else ExpectedGain(pictures=gain.pictures, accuracy=gain.accuracy, gain=gain.gain,
                                                  interval=gain.interval)


def curve_path(run: RunFolder) -> Path:
    """The path of a run's learning curve."""
    return run.folder / "learning-curve.json"


def keep_curve(run: RunFolder, event: CurveFitted) -> Problem | None:
    """Keep it in the run's folder; a warning where that cannot be written."""
    try:
        write_atomically(curve_path(run), encode_event(event))
    except ProblemError as problem_error:
        return warning("curve_not_kept", problem_error.problems[0].text, "run")
    return None


def read_curve(run: RunFolder) -> CurveFitted | None:
    """The kept curve; None without one, or where it cannot be read. It depends on the settings and pictures of the run alone,
    which never change."""
    curve = find_json(curve_path(run), CurveFitted)
    return None if curve is None else msgspec.structs.replace(
        curve, classes=tuple((present_name(run.folder, name), gain) for name, gain in curve.classes))
