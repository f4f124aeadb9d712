"""`cnnstudio train --add-class`: a run whose model has one class more, and what that costs the others."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnstudio.cli.output import Output, scan_progress
from cnnstudio.core.files import write_project
from cnnstudio.core.jobs import Train
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.datasets.opening import open_project
from cnnstudio.workers.runs.adding import NewClass, add_class
from cnnstudio.workers.runs.folder import RunFolder, find_run


def check_adding(arguments: argparse.Namespace) -> None:
    """Raise ProblemError for options that do not go with --add-class."""
    if arguments.new_class is None:
        if arguments.last_layers:
            text = Text("--last-layers goes with --add-class.", "--last-layers va con --add-class.")
            raise ProblemError(error("options", text, "project"))
        return
    others = {"--resume": arguments.resume, "--continue": arguments.more, "--seeds": arguments.seeds,
              "--folds": arguments.folds, "--set": arguments.values or None}
    wrong = next((name for name, value in others.items() if value is not None), None)
    if wrong is None and arguments.begin is not None and "@" in arguments.begin:
        wrong = arguments.begin
    if wrong is not None:
        text = Text("--add-class trains one new run with the settings of the run that it goes on from: leave out {option}.",
                    "--add-class hace un entrenamiento nuevo con los ajustes del anterior: quite {option}.")
        raise ProblemError(error("options", text.fill(option=wrong), "project"))


def prepared_with_class(arguments: argparse.Namespace, output: Output) -> tuple[RunFolder, Train]:
    """The new run and its job; the project has the class from now on. Raises ProblemError."""
    name, _equals, place = str(arguments.new_class).partition("=")
    new = NewClass(name=name.strip(), folder=Path(place) if place else None, last_layers=arguments.last_layers)
    project, index = open_project(arguments.project)
    try:
        parent = find_run(arguments.project, arguments.begin)
        added = add_class(arguments.project, project, index, parent, new, scan_progress(output))
    finally:
        index.close()
    if added.project != project:
        write_project(arguments.project, added.project)
    output.problems(added.problems, as_lines=False)
    counts = {split: format_number(added.pictures.get(split, 0), ",") for split in ("train", "validation", "test")}
    output.print_message(tr("{name}: {train} training pictures, {validation} validation, {test} test; the run goes on from "
                            "{run}.",
                            "{name}: {train} imágenes de entrenamiento, {validation} de validación, {test} de prueba; parte "
                            "del entrenamiento {run}.", name=new.name, run=parent.id, **counts))
    if added.again:
        output.print_message(tr("Pictures of the same content, of which one was kept each: {n} left out.",
                                "Imágenes de igual contenido, de las que se conserva una: {n} omitidas.", n=added.again))
    return added.run, added.job
