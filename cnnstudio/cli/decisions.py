"""`cnnstudio decide`: decisions about pictures, for scripts."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from cnnstudio.catalog.findings import KINDS
from cnnstudio.cli.output import Output
from cnnstudio.cli.projects import locked_project
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, on_one_line, tr
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.opening import open_project
from cnnstudio.datasets.source_folders import source_folder


def decide(arguments: argparse.Namespace, output: Output) -> int:
    """Give pictures a class or split, exclude or include them, accept a finding about them.

    Exit code 0 done for all, 1 some are not pictures of the project (the others are done), 2 none is.
    """
    folder: Path = arguments.project
    name = arguments.class_name
    if name is not None and not name.strip():
        raise ProblemError(error("no_class_name", Text("The name of a class must not be empty.",
                                                       "El nombre de una clase no puede estar vacío."), "dataset"))
    if arguments.accept:
        _check_kind(arguments.accept)
    with locked_project(folder):
        project, index = open_project(folder)
        try:
            paths, unknown = known_paths(arguments.paths, project, folder, index)
            output.problems(unknown)
            ids = list(index.ids_of(paths))
            # All of a command or nothing of it, and nothing is printed as done before it is.
            with index.transaction(durable=True):
                if name is not None:
                    index.relabel(ids, name.strip())
                if arguments.split:
                    index.assign_split(ids, None if arguments.split == "drawn" else arguments.split)
                if arguments.exclude or arguments.include:
                    index.exclude(ids, bool(arguments.exclude))
                if arguments.accept:
                    index.accept(arguments.accept, paths)
            for picture in index.pictures(ids):
                line_text = f"{picture.path}: {picture.class_name}, {picture.split}"
                if picture.excluded:
                    line_text += ", " + tr("excluded", "excluida")
                output.line({"path": picture.path, "class": picture.class_name, "split": picture.split,
                             "excluded": picture.excluded, "findings": list(picture.findings)}, on_one_line(line_text))
        finally:
            index.close()
    return 2 if not ids else 1 if unknown else 0


def known_paths(names: Sequence[str], project: Project, folder: Path, index: Index
                 ) -> tuple[list[str], list[Problem]]:
    """The paths as in the index, from paths relative to the collection's folder or any paths of the file system; and
    problems of unknown ones."""
    root = source_folder(project, folder)
    result: list[str] = []
    unknown: list[Problem] = []
    for path in names:
        candidates = (path, os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/"), os.path.abspath(path))
        match = next((candidate for candidate in candidates if len(index.ids_of([candidate]))), None)
        if match is not None:
            result.append(match)
        else:
            text = Text("{path} is not a picture of this project.", "{path} no es una imagen de este proyecto.")
            unknown.append(error("unknown_picture", text.fill(path=path), "dataset", path=path))
    return result, unknown


def _check_kind(kind: str) -> None:
    if kind not in KINDS.ids():
        text = Text("There is no kind of finding called {kind}. Available: {known}.",
                    "No hay ningún tipo de hallazgo llamado {kind}. Disponibles: {known}.")
        raise ProblemError(error("unknown_kind", text.fill(kind=kind, known=", ".join(KINDS.ids())), "dataset"))
