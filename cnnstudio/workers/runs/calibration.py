"""The calibration of a run: kept in its folder, valid for the model it was found for, and shown in its evaluations."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core import jobs
from cnnstudio.core.atomic import write_atomically, write_problem
from cnnstudio.core.calibration import Calibration, Rejection
from cnnstudio.core.dataset import SPLITS
from cnnstudio.core.foreign_files import SMALL, open_regular, read_json
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.renamed_classes import present_names
from cnnstudio.core.text import Text
from cnnstudio.evaluation.answers import Answers, measures, no_answers_problem, picture_results, read_answers
from cnnstudio.evaluation.rejection import REJECTIONS, RejectOption, fit_rejection
from cnnstudio.evaluation.temperature import fit_temperature
from cnnstudio.workers.runs.answers import is_outdated
from cnnstudio.workers.runs.folder import RunFolder

CALIBRATED_ON: Final = "validation"
"""The split whose answers a calibration is found on."""


def read_calibration(run: RunFolder) -> Calibration | None:
    """What was set for the run, for whatever model; None if nothing was. Raises ProblemError (damaged_calibration): to answer
    without it would be to be sure where the user chose not to be."""
    if not run.calibration_path.exists():
        return None
    try:
        calibration = read_json(run.calibration_path, Calibration, SMALL, "run")
    except ProblemError as problem_error:
        raise ProblemError(_damaged(run, problem_error.problems[0].text.en)) from problem_error
    rejection = calibration.rejection
    if not 0 < calibration.temperature < 1000 or (rejection is not None and rejection.kind not in REJECTIONS):
        raise ProblemError(_damaged(run, repr(calibration)))
    return calibration


def _damaged(run: RunFolder, reason: str) -> Problem:
    text = Text("{path} is damaged, so it is not known when this model says “not sure”. Calibrate the run again, or remove its "
                "calibration.",
                "{path} está dañado, así que no se sabe cuándo este modelo dice «sin certeza». Calibre de nuevo el "
                "entrenamiento o quite su calibración.")
    return error("damaged_calibration", text.fill(path=run.calibration_path), "run", path=run.calibration_path, details=reason)


def model_digest(path: Path) -> str:
    """A hash of a model's file, computed once for each state of the file. Raises OSError."""
    facts = path.stat()
    return _digest(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(64)
def _digest(path: Path, _modified: int, _size: int) -> str:
    state = hashlib.blake2b(digest_size=16)
    with open_regular(path) as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()


def present_calibration(run: RunFolder) -> tuple[Calibration | None, tuple[Problem, ...]]:
    """The calibration of the run's present model, or None with a warning where the model was trained further since. Raises
    ProblemError (damaged_calibration)."""
    calibration = read_calibration(run)
    if calibration is None:
        return None, ()
    try:
        if model_digest(run.model_path) == calibration.model:
            return calibration, ()
    except OSError:
        # Whoever opens the model tells what is wrong with it.
        return None, ()
    text = Text("The model of {run} was trained further since it was calibrated, so its calibration and its reject option are "
                "not used. Calibrate it again, or remove them.",
                "El modelo de {run} se ha seguido entrenando desde que se calibró, así que no se usan ni su calibración ni su "
                "opción de rechazo. Calíbrelo de nuevo o quítelas.")
    return None, (warning("outdated_calibration", text.fill(run=run.id), "run", path=run.calibration_path),)


def kept_answers(run: RunFolder, split: str) -> Answers:
    """What the run's present model answers for that split, without its calibration. Raises ProblemError (no_answers,
    damaged_answers)."""
    path = run.answers_path(split)
    # An earlier version writes a new table without the answers.
    if is_outdated(run, split) or _is_older(path, run.model_path):
        raise ProblemError(no_answers_problem(path))
    answers = read_answers(path)
    return replace(answers, run=run.id, class_names=present_names(run.folder, answers.class_names))


def _is_older(path: Path, other: Path) -> bool:
    try:
        return path.stat().st_mtime < other.stat().st_mtime
    except OSError:
        return False


def calibrated_answers(run: RunFolder, split: str) -> Answers:
    """As `kept_answers`, with the temperature of the run: what Predict answers, bit for bit."""
    return kept_answers(run, split).calibrated(present_calibration(run)[0])


def has_answers(run: RunFolder, split: str) -> bool:
    """Whether answers of the present model can be read."""
    try:
        kept_answers(run, split)
    except ProblemError:
        return False
    return True


def calibrate(run: RunFolder, *, temperature: bool = True, reject: tuple[RejectOption, float] | None = None,
              keep_rejection: bool = True) -> Calibration:
    """Find the temperature of the run's model on its kept validation answers, and set its reject option.

    Without `temperature` the present one stays. `reject` is an option with its level; without it the present option stays,
    fitted anew to the temperature, unless `keep_rejection` is False. Raises ProblemError.
    """
    answers = kept_answers(run, CALIBRATED_ON)
    present = _present_or_none(run)
    found = fit_temperature(answers) if temperature else msgspec.structs.replace(present or Calibration(), rejection=None)
    if reject is None and keep_rejection and present is not None and present.rejection is not None:
        reject = REJECTIONS[present.rejection.kind], present.rejection.level
    rejection: Rejection | None = None
    if reject is not None:
        rejection = fit_rejection(*reject, answers.calibrated(found))
    calibration = msgspec.structs.replace(found, rejection=rejection, model=model_digest(run.model_path))
    keep_calibration(run, calibration)
    return calibration


def remove_temperature(run: RunFolder) -> None:
    """Remove the temperature; a reject option stays, fitted anew without it. Raises ProblemError."""
    present = _present_or_none(run)
    if present is None or present.rejection is None:
        keep_calibration(run, None)
        return
    option, level = REJECTIONS[present.rejection.kind], present.rejection.level
    rejection = fit_rejection(option, level, kept_answers(run, CALIBRATED_ON))
    keep_calibration(run, Calibration(rejection=rejection, model=present.model))


def remove_rejection(run: RunFolder) -> None:
    """Remove the reject option; the temperature stays. Raises ProblemError."""
    present = _present_or_none(run)
    keep_calibration(run, None if present is None else msgspec.structs.replace(present, rejection=None))


def _present_or_none(run: RunFolder) -> Calibration | None:
    try:
        return present_calibration(run)[0]
    except ProblemError:
        # A damaged one is replaced.
        return None


def keep_calibration(run: RunFolder, calibration: Calibration | None) -> None:
    """Keep a calibration, or remove it (None), and show it in the kept evaluations. Raises ProblemError."""
    run.check_links()
    if calibration is None or calibration.is_empty:
        try:
            run.calibration_path.unlink(missing_ok=True)
        except OSError as os_error:
            raise ProblemError(write_problem(os_error, run.calibration_path)) from os_error
    else:
        write_atomically(run.calibration_path, msgspec.json.format(msgspec.json.encode(calibration), indent=2) + b"\n")
    for split in (*SPLITS, "data"):
        _show_in(run, split, calibration)


def _show_in(run: RunFolder, split: str, calibration: Calibration | None) -> None:
    """Write the table and the figures of an evaluation anew; what is damaged or outdated is left alone."""
    evaluated = run.evaluation(split)
    if evaluated is None:
        return
    try:
        answers = kept_answers(run, split).calibrated(calibration)
    except ProblemError:
        return
    write_evaluation(run.table_path(split), answers, msgspec.structs.replace(
        evaluated, temperature=1.0 if calibration is None else calibration.temperature))


def write_evaluation(table: Path, answers: Answers, evaluated: jobs.Evaluated) -> jobs.Evaluated:
    """Write the table of pictures, and beside it the event with its figures by these answers; returns that. Raises
    ProblemError."""
    rows = picture_results(answers)
    event = msgspec.structs.replace(evaluated, **measures(answers, [row.loss for row in rows]))
    write_atomically(table, b"\n".join(msgspec.json.encode(row) for row in rows) + b"\n")
    write_atomically(table.with_suffix(".json"), encode_event(event))
    return event
