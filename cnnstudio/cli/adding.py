"""`cnnstudio add`: pictures into the data of a project, one by one."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnstudio.cli.output import Output, count_progress, scan_progress
from cnnstudio.cli.projects import locked_project
from cnnstudio.core.files import write_project
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, on_one_line, tr
from cnnstudio.datasets.collected import Added, NewPicture, add_pictures, with_collected
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.opening import open_project
from cnnstudio.workers.answer_format import pictures_of
from cnnstudio.workers.job_setup import refresh_index


def add(arguments: argparse.Namespace, output: Output) -> int:
    """Add pictures with their class and split. Exit code 0 all are in the data now or were before, 1 some cannot be read,
    2 none could be added."""
    folder: Path = arguments.project
    name = (arguments.class_name or "").strip()
    if not name:
        text = Text("The name of a class must not be empty.", "El nombre de una clase no puede estar vacío.")
        raise ProblemError(error("no_class_name", text, "dataset"))
    files, left_out = pictures_of(map(str, arguments.paths))
    output.problems(left_out, as_lines=False)
    pictures = [NewPicture(path, name, arguments.split) for path in files]
    with locked_project(folder):
        project, index = open_project(folder)
        try:
            # The contents of all pictures must be known, to tell what is there already.
            refresh_index(folder, project, index, scan_progress(output))
            done = add_pictures(index, project, folder, pictures, count_progress(output))
            if done.added:
                project = with_collected(project, [name])
                write_project(folder, project)
                refresh_index(folder, project, index, scan_progress(output))
            output.problems(done.problems)
            _print(done, name, index, output)
        finally:
            index.close()
    there = len(done.added) + len(done.relabelled) + len(done.present)
    return 2 if not there else 1 if done.problems else 0


def _print(done: Added, name: str, index: Index, output: Output) -> None:
    states = {"added": done.added, "relabelled": done.relabelled}
    words = {"added": Text("added", "añadida"), "relabelled": Text("was in the data, relabelled", "ya estaba; reetiquetada")}
    for state, paths in states.items():
        for path, there in paths.items():
            (picture,) = index.pictures(list(index.ids_of([there])))
            output.line({"path": path, state: there, "class": picture.class_name, "split": picture.split},
                        on_one_line(f"{path}: {words[state]}, {picture.class_name}, {picture.split}"))
    for item in done.present:
        text = tr("{path}: the data has the same picture already, {there}, as {name}; not added",
                  "{path}: los datos ya tienen la misma imagen, {there}, como {name}; no se añade", path=item.path,
                  there=item.there, name=item.class_name)
        output.line({"path": item.path, "present": item.there, "class": item.class_name, "wanted": name}, on_one_line(text))
