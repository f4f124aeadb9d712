"""`cnnstudio classes`: the classes of a trained run, and other names for them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import msgspec

from cnnstudio.cli.output import Output
from cnnstudio.core.dataset import SPLIT_NAMES
from cnnstudio.core.files import read_project
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, format_number, on_one_line, tr
from cnnstudio.workers.runs.classes import RunClass, rename_classes, run_classes, set_class_names
from cnnstudio.workers.runs.folder import RunFolder, find_run


def classes(arguments: argparse.Namespace, output: Output) -> int:
    """List the classes of a run, after renaming those that the arguments name."""
    read_project(arguments.project)
    run = find_run(arguments.project, arguments.run)
    if arguments.rename:
        _tell(run, *rename_classes(run, _changes(arguments.rename)), output)
    elif arguments.as_trained:
        before = run_classes(run)
        trained = tuple(item.trained for item in before)
        set_class_names(run, trained)
        _tell(run, tuple(item.name for item in before), trained, output)
    found = run_classes(run)
    output.line({"run": run.id, "classes": msgspec.to_builtins(found)}, "\n".join(_lines(run, found)))
    return 0


def _changes(values: Sequence[str]) -> dict[str, str]:
    """OLD=NEW as a mapping; a class whose name has an equals sign is written as OLD==NEW."""
    changes: dict[str, str] = {}
    for value in values:
        old, equals, new = value.partition("==") if "==" in value else value.partition("=")
        if not equals:
            text = Text("“{value}” names no new name. Write --rename OLD=NEW.",
                        "«{value}» no indica ningún nombre nuevo. Escriba --rename ANTES=AHORA.")
            raise ProblemError(error("options", text.fill(value=value), "run"))
        if old in changes:
            text = Text("The class {name} is named twice.", "La clase {name} se indica dos veces.")
            raise ProblemError(error("options", text.fill(name=old), "run"))
        changes[old] = new
    return changes


def _tell(run: RunFolder, before: Sequence[str], after: Sequence[str], output: Output) -> None:
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    for old, new in changed:
        output.print_message(tr("{old} is now called {new}.", "{old} ahora se llama {new}.", old=on_one_line(old), new=new))
    if not changed:
        output.print_message(tr("The classes of {run} have these names already.",
                                "Las clases de {run} ya tienen estos nombres.", run=run.id))
    else:
        output.print_message(tr("Exports keep the names that they were made with: export the run again.",
                                "Las exportaciones conservan los nombres con los que se hicieron: exporte de nuevo el "
                                "entrenamiento."))


def _lines(run: RunFolder, found: Sequence[RunClass]) -> list[str]:
    lines = [tr("run {run}, {n} classes", "entrenamiento {run}, {n} clases", run=run.id, n=len(found))]
    width = max(len(on_one_line(item.name)) for item in found) if found else 0
    for number, item in enumerate(found):
        counts = ", ".join(f"{str(SPLIT_NAMES[split]).lower()} {format_number(item.pictures.get(split, 0), ',')}"
                           for split in SPLIT_NAMES if item.pictures.get(split))
        before = "" if item.trained == item.name else tr("  (trained as {name})", "  (entrenada como {name})",
                                                         name=on_one_line(item.trained))
        lines.append(f"{number:>4}  {on_one_line(item.name):<{width}}  {counts}{before}".rstrip())
    return lines
