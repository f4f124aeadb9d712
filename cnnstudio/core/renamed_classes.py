"""The names that the classes of a trained run have now, where the user gave them others than it was trained with.

They stand in one small file in the folder of the run. The list of its pictures, its model, its evaluations and its answers keep
the names that they were written with, and whoever reads them puts the present ones in their place, by number: a class of a
model is an output, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.checksums import is_file_intact, seal_file
from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes
from cnnstudio.core.own_folders import KEPT
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text

FILE: Final = "renamed.json"
LONGEST: Final = 200
"""Characters of a name."""


class RenamedClasses(msgspec.Struct, frozen=True, kw_only=True):
    """The names of the classes in the order of the model's outputs: those it was `trained` with, and the present `names`.

    `earlier` are lists of names that they had in between, the newest last: results of that time are still understood.
    """

    trained: tuple[str, ...]
    names: tuple[str, ...]
    earlier: tuple[tuple[str, ...], ...] = ()


def read_renamed(folder: Path) -> RenamedClasses | None:
    """The renamed classes of the run in `folder`; None where none were, or the file cannot be read."""
    try:
        data = read_bytes(folder / FILE, SMALL)
        found = decode_json(data, RenamedClasses) if is_file_intact(data) else None
    except (OSError, ValueError):
        return None
    return None if found is None or len(found.names) != len(found.trained) else found


def write_renamed(folder: Path, renamed: RenamedClasses) -> None:
    """Write it. Raises ProblemError."""
    plain = msgspec.json.format(msgspec.json.encode(renamed), indent=2)
    write_atomically(folder / FILE, seal_file(plain + b"\n"))


def renamed_problem(folder: Path) -> Problem | None:
    """A warning where the file is damaged, so that the classes have the names that the run was trained with."""
    path = folder / FILE
    if not path.exists() or read_renamed(folder) is not None:
        return None
    text = Text("{path} is damaged, so the classes of this run have the names that it was trained with. Restore the file from "
                "a copy, or rename the classes again.",
                "{path} está dañado, así que las clases de este entrenamiento tienen los nombres con los que se entrenó. "
                "Restaure el archivo de una copia o cambie de nuevo los nombres de las clases.")
    return warning("damaged_classes", text.fill(path=path), "run", path=path)


def present_names(folder: Path, names: Sequence[str]) -> tuple[str, ...]:
    """The present names of all classes of a run, for `names` from a file in its folder."""
    renamed = read_renamed(folder.parent if folder.name == KEPT else folder)
    return tuple(names) if renamed is None or len(renamed.names) != len(names) else renamed.names


def present_name(folder: Path, name: str) -> str:
    """The present name of one class, for a name from a result in the folder of its run."""
    renamed = read_renamed(folder)
    if renamed is not None and name not in renamed.names:
        for names in (*reversed(renamed.earlier), renamed.trained):
            if name in names and len(names) == len(renamed.names):
                return renamed.names[names.index(name)]
    return name


def renamed(names: Sequence[str], changes: Mapping[str, str]) -> tuple[str, ...]:
    """The names after `changes` from old to new, all at once. Raises ProblemError with every problem."""
    unknown = [name for name in changes if name not in names]
    if unknown:
        text = Text("The run has no class {name}. Its classes: {all}", "El entrenamiento no tiene ninguna clase {name}. Sus "
                                                                      "clases: {all}")
        raise ProblemError(*(error("unknown_class", text.fill(name=name or '""', all=", ".join(names)), "run", field="classes")
                             for name in unknown))
    result = tuple(changes.get(name, name).strip() for name in names)
    # A name that comes from a folder may be odd; only what is new is judged.
    problems = name_problems(result, {name.strip() for name in changes.values()})
    if problems:
        raise ProblemError(*problems)
    return result


def name_problems(names: Sequence[str], new: Collection[str]) -> tuple[Problem, ...]:
    """Why these `new` names cannot be among the `names` of all classes: each is one line of its own, and they differ."""
    problems = []
    for name in dict.fromkeys(name for name in names if name in new):
        text = None
        if not name.strip():
            text = Text("A class needs a name.", "Una clase necesita un nombre.")
        elif not name.isprintable():
            text = Text("The name {name} has a line break or another control character. Write it on one line.",
                        "El nombre {name} tiene un salto de línea u otro carácter de control. Escríbalo en una sola línea.")
        elif len(name) > LONGEST:
            text = Text("The name {name} is longer than {n} characters.", "El nombre {name} tiene más de {n} caracteres.")
        elif names.count(name) > 1:
            text = Text("Two classes cannot both be called {name}.", "Dos clases no pueden llamarse {name} a la vez.")
        if text is not None:
            shown = name if name.isprintable() and len(name) <= LONGEST else ascii(name[:40])
            problems.append(error("class_name", text.fill(name=shown, n=LONGEST), "run", field="classes"))
    return tuple(problems)


def class_numbers(folder: Path, names: Sequence[str]) -> dict[str, int]:
    """The number of each class of the run in `folder` by its present name, of `names`, and by the one that it was trained with
    where no other class has that now: a folder of pictures may be called either."""
    renamed = read_renamed(folder)
    numbers = {name: number for number, name in enumerate(names)}
    if renamed is not None and len(renamed.trained) == len(names):
        numbers = {name: number for number, name in enumerate(renamed.trained)} | numbers
    return numbers


def rename_in_project(project: Project, trained: Sequence[str], names: Sequence[str]) -> Project:
    """The specs of a run with the present `names` of its classes: of their order, and of their weights."""
    if tuple(trained) == tuple(names):
        return project
    present = dict(zip(trained, names, strict=True))
    replace, dataset, training = msgspec.structs.replace, project.dataset, project.training
    return replace(
        project, dataset=replace(dataset, class_names=tuple(present.get(name, name) for name in dataset.class_names)),
        training=replace(training, class_weights={
            present.get(name, name): weight for name, weight in training.class_weights.items()}))


def names_in(known: Collection[str], trained: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """The names by which a collection with the classes `known` has those of a run: the present `names` where it has them all,
    else those it was `trained` with."""
    for candidates in (names, trained):
        if set(candidates) <= set(known):
            return tuple(candidates)
    mixed = tuple(name if name in known else before for before, name in zip(trained, names, strict=True))
    return mixed if len(set(mixed)) == len(mixed) else tuple(trained)
