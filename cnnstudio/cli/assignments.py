"""`cnnstudio assignment`: make, show, open and hand in."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any, Final

from cnnstudio.cli.output import Output, count_progress
from cnnstudio.cli.targets import check_target
from cnnstudio.core.files import PROJECT_FILE, read_project
from cnnstudio.core.foreign_files import SMALL, read_bytes
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.learning.assignments.capsule import write_capsule
from cnnstudio.learning.assignments.facts import limit_texts
from cnnstudio.learning.assignments.key import read_assignment
from cnnstudio.learning.assignments.making import Draft, make_assignment
from cnnstudio.learning.assignments.model import Assignment, Limits, Question
from cnnstudio.learning.assignments.opening import assignment_of, open_assignment
from cnnstudio.learning.assignments.standing import RunStanding, find_standing

_NOTHING: Final = re.compile(rb"(?!)")
"""Nothing that stands in a file lets this command replace it."""


def assignment(arguments: argparse.Namespace, output: Output) -> int:
    """Do the action."""
    actions = {"new": _new, "show": _show, "open": _open, "hand-in": _hand_in}
    return actions[arguments.action](arguments, output)


def read_passphrase(path: Path) -> str:
    """The first line of a file. Raises ProblemError."""
    try:
        return read_bytes(path, SMALL).decode("utf-8-sig").split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as err:
        text = Text("The passphrase cannot be read from {path}: {reason}.",
                    "No se puede leer la frase de contraseña de {path}: {reason}.")
        reason = reason_of(err) if isinstance(err, OSError) else str(err)
        raise ProblemError(error("cannot_read", text.fill(path=path, reason=reason), "file", path=path)) from err


def _new(arguments: argparse.Namespace, output: Output) -> int:
    from cnnstudio.datasets.index import open_index

    for path in (arguments.file, arguments.key):
        if path is not None:
            check_target(path, arguments.force, _NOTHING)
    project = read_project(arguments.project)
    draft = Draft(
        title=Text(*arguments.title), goal=Text(*arguments.goal), inside=arguments.source is None,
        source=Text(*(arguments.source or ("", ""))), metric=arguments.metric, threshold=arguments.threshold,
        limits=Limits(parameters=arguments.parameters, epochs=arguments.epochs, training_pictures=arguments.pictures,
                      bases=None if arguments.bases is None else tuple(arguments.bases), own_pictures=arguments.own_pictures),
        questions=tuple(Question(id="", text=Text(*texts)) for texts in arguments.question),
        hidden_by="share" if arguments.share is not None else "folder" if arguments.folder is not None else "test",
        share=0.2 if arguments.share is None else arguments.share, folder=str(arguments.folder or ""))
    passphrase = "" if arguments.passphrase_file is None else read_passphrase(arguments.passphrase_file)
    index = open_index(arguments.project)
    try:
        made = make_assignment(arguments.project, project, index, draft, arguments.file, arguments.key, passphrase,
                               count_progress(output))
    finally:
        index.close()
    lines = [tr("{path}: {n:,} pictures for the students, {hidden:,} hidden",
                "{path}: {n:,} imágenes para el alumnado, {hidden:,} ocultas", path=made.path, n=made.given,
                hidden=made.hidden)]
    if made.key is not None:
        lines.append(tr("Key: {path}. Keep it: without it nothing can be graded.",
                        "Clave: {path}. Guárdela: sin ella no se puede calificar nada.", path=made.key))
    if made.leaked:
        lines.append(tr("{n:,} of the hidden pictures have a copy among those of the students.",
                        "{n:,} de las imágenes ocultas tienen una copia entre las del alumnado.", n=made.leaked))
    output.line({"assignment": made.assignment.id, "path": str(made.path), "key": None if made.key is None else str(made.key),
                 "given": made.given, "hidden": made.hidden, "leaked": made.leaked}, "\n".join(lines))
    return 0


def _show(arguments: argparse.Namespace, output: Output) -> int:
    if (arguments.place / PROJECT_FILE).is_file():
        _print(assignment_of(arguments.place), output)
        for run in find_standing(arguments.place).runs:
            _print_run(run, output)
        return 0
    _print(read_assignment(arguments.place)[0], output)
    return 0


def _print(found: Assignment, output: Output) -> None:
    figure = FIGURES[found.metric]
    lines = [str(found.title), *([str(found.goal)] if str(found.goal) else []),
             tr("Goal: {metric} {sign} {threshold:g} on {n:,} hidden pictures",
                "Objetivo: {metric} {sign} {threshold:g} con {n:,} imágenes ocultas", metric=figure.label,
                sign="≥" if figure.higher_is_better else "≤", threshold=found.threshold, n=found.hidden_pictures),
             *(f"{label}: {limit}" for label, limit in limit_texts(found)),
             *(f"{number}. {question.text}" for number, question in enumerate(found.questions, start=1))]
    output.line({"assignment": found}, "\n".join(lines))


def _print_run(run: RunStanding, output: Output) -> None:
    value = "-" if run.value is None else format_number(run.value, ".4f")
    if run.interval is not None:
        value += tr(" (95%: {low:.4f} to {high:.4f})", " (95 %: {low:.4f} a {high:.4f})", low=run.interval[0],
                    high=run.interval[1])
    broken = [str(outcome.label) for outcome in run.limits if not outcome.kept]
    text = tr("{run}: {value} on the validation pictures", "{run}: {value} con las imágenes de validación", run=run.name,
              value=value)
    if broken:
        text += tr("; over the limit: {names}", "; fuera del límite: {names}", names=", ".join(broken))
    output.line({"run": run.run, "value": run.value, "interval": run.interval, "reaches": run.reaches,
                 "limits": list(run.limits)}, text)


def _open(arguments: argparse.Namespace, output: Output) -> int:
    opened = open_assignment(arguments.file, arguments.folder, arguments.pictures, count_progress(output))
    output.line({"assignment": opened.id, "project": str(arguments.folder.absolute())},
                tr("{title}: the project is in {folder}. Open it: cnnstudio \"{folder}\"",
                   "{title}: el proyecto está en {folder}. Ábralo: cnnstudio \"{folder}\"", title=opened.title,
                   folder=arguments.folder))
    return 0


def _hand_in(arguments: argparse.Namespace, output: Output) -> int:
    check_target(arguments.file, arguments.force, _NOTHING)
    found = assignment_of(arguments.project)
    answers = {question.id: text for question, text in zip(found.questions, arguments.answer, strict=False)}
    info = write_capsule(arguments.project, arguments.file, arguments.run, arguments.name, answers, count_progress(output))
    line: dict[str, Any] = {"capsule": str(arguments.file), "run": info.run, "student": info.student, "reported": info.reported}
    output.line(line, tr("{run} is in {path}. Hand in that file.", "{run} está en {path}. Entregue ese archivo.", run=info.run,
                         path=arguments.file))
    return 0
