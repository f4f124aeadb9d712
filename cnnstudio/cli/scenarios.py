"""`cnnstudio scenarios`: named subsets of pictures, and every run on them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from cnnstudio.cli.decisions import known_paths
from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.cli.projects import locked_project
from cnnstudio.core.foreign_files import LARGE, read_bytes
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text, format_number, on_one_line, tr
from cnnstudio.datasets.index import Index, open_index
from cnnstudio.datasets.opening import open_project
from cnnstudio.datasets.scenarios import (
    Scenario,
    ScenarioPicture,
    change_scenario,
    edit_scenario,
    find_scenario,
    list_scenarios,
    make_scenario,
    present_pictures,
    scenario_pictures,
)
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.workers.runs.folder import RunFolder, find_run, list_runs
from cnnstudio.workers.runs.scenarios import Measured, best_runs, compare_measured, measure_scenarios, scenarios_job


def scenarios(arguments: argparse.Namespace, output: Output) -> int:
    """Do what the action says. Exit code 1 where some pictures are unknown or a run could not be measured."""
    if arguments.action in _CHANGES:
        return _change(arguments, output)
    if arguments.action == "measure":
        return _measure(arguments, output)
    _project, index = open_project(arguments.project)
    try:
        found = list_scenarios(index)
        present = present_pictures(index, found)
    finally:
        index.close()
    for scenario in found:
        _print(scenario, sum(picture.hash in present for picture in scenario.pictures), output)
    if not found:
        _tell_none(output)
    return 0


def _print(scenario: Scenario, present: int, output: Output) -> None:
    gone = len(scenario.pictures) - present
    count = len(scenario.pictures)
    text = f"{scenario.name}: " + (tr("1 picture", "1 imagen") if count == 1 else
                                   tr("{n} pictures", "{n} imágenes", n=format_number(count, ",")))
    if gone:
        text += ", " + tr("{n} of them no longer in the collection", "{n} de ellas ya no están en la colección", n=gone)
    if scenario.note:
        text += f"\n  {on_one_line(scenario.note)}"
    output.line({"scenario": scenario.name, "id": scenario.id, "note": scenario.note, "pictures": len(scenario.pictures),
                 "gone": gone, "paths": [picture.path for picture in scenario.pictures]}, text)


# Changes -------------------------------------------------------------------------------------------


def _change(arguments: argparse.Namespace, output: Output) -> int:
    if not arguments.name.strip():
        text = Text("Name the scenario: cnnstudio scenarios PROJECT {action} NAME.",
                    "Indique el escenario: cnnstudio scenarios PROYECTO {action} NOMBRE.")
        raise ProblemError(error("no_scenario_name", text.fill(action=arguments.action), "dataset"))
    paths = [*arguments.paths, *(_listed(arguments.list_file) if arguments.list_file is not None else ())]
    with locked_project(arguments.project):
        project, index = open_project(arguments.project)
        try:
            known, unknown = known_paths(paths, project, arguments.project, index)
            output.problems(unknown)
            root = source_folder(project, arguments.project)
            pictures = scenario_pictures(index, root, list(index.ids_of(known)))
            if paths and not pictures:
                return 2
            _CHANGES[arguments.action](index, arguments, pictures)
            changed = next((item for item in list_scenarios(index) if item.name.casefold() in (
                arguments.name.strip().casefold(), (arguments.rename or "").strip().casefold())), None)
            if changed is None:
                output.line({"scenario": arguments.name.strip(), "removed": True},
                            tr("Removed: {name}", "Eliminado: {name}", name=arguments.name.strip()))
            else:
                present = present_pictures(index, [changed])
                _print(changed, sum(picture.hash in present for picture in changed.pictures), output)
        finally:
            index.close()
    return int(bool(unknown))


def _add(index: Index, arguments: argparse.Namespace, pictures: Sequence[ScenarioPicture]) -> None:
    """Make it, or put more pictures into it."""
    if not pictures:
        raise ProblemError(_no_pictures())
    name = arguments.name.strip().casefold()
    there = next((scenario for scenario in list_scenarios(index) if scenario.name.casefold() == name), None)
    if there is None:
        make_scenario(index, arguments.name, arguments.note or "", pictures)
    else:
        edit_scenario(index, there, note=arguments.note, add=pictures)


def _edit(index: Index, arguments: argparse.Namespace, pictures: Sequence[ScenarioPicture]) -> None:
    edit_scenario(index, find_scenario(index, arguments.name), name=arguments.rename, note=arguments.note, add=pictures)


def _remove(index: Index, arguments: argparse.Namespace, pictures: Sequence[ScenarioPicture]) -> None:
    scenario = find_scenario(index, arguments.name)
    if pictures:
        edit_scenario(index, scenario, remove=[picture.hash for picture in pictures])
    else:
        change_scenario(index, scenario, None)


_CHANGES: Final = {"add": _add, "edit": _edit, "remove": _remove}


def _no_pictures() -> Problem:
    text = Text("Name the pictures of the scenario with --paths or --from.",
                "Indique las imágenes del escenario con --paths o --from.")
    return error("no_pictures", text, "dataset")


def _listed(path: Path) -> list[str]:
    """The paths in a list, one a line."""
    if str(path) == "-":
        return [line for line in sys.stdin.read().splitlines() if line.strip()]
    try:
        content = read_bytes(path, LARGE).decode("utf-8", "surrogateescape")
    except OSError as os_error:
        text = Text("The list {path} cannot be read: {reason}.", "No se puede leer la lista {path}: {reason}.")
        raise ProblemError(error("damaged_list", text.fill(path=path, reason=reason_of(os_error)), "file", path=path)
                           ) from os_error
    return [line for line in content.removeprefix("\ufeff").splitlines() if line.strip()]


# Measuring -----------------------------------------------------------------------------------------


def _tell_none(output: Output) -> None:
    output.line({"scenarios": 0}, tr("There are no scenarios yet: cnnstudio scenarios PROJECT add NAME --paths PICTURE...",
                                     "Aún no hay escenarios: cnnstudio scenarios PROYECTO add NOMBRE --paths IMAGEN..."))


def _measure(arguments: argparse.Namespace, output: Output) -> int:
    """Measure every run, or the chosen ones, on what they have no answer for; then the table."""
    runs = [find_run(arguments.project, name) for name in dict.fromkeys(arguments.run or ())] or [
        RunFolder(run.folder) for run in reversed(list_runs(arguments.project)) if run.has_model]
    project, index = open_project(arguments.project)
    code = 0
    try:
        chosen = _chosen(index, arguments.name)
        if not chosen:
            _tell_none(output)
        for run in runs:
            job = scenarios_job(run, chosen, index, source_folder(project, arguments.project))
            if job is not None:
                code = max(code, exit_code(run_job(job, output, lambda event: report_progress(event, output)), output))
        present = present_pictures(index, chosen)
    finally:
        index.close()
    table = {run.id: measure_scenarios(run, chosen, present) for run in runs}
    first = next(iter(table.values()), {})
    for scenario in chosen:
        column = {run: measured[scenario.id] for run, measured in table.items()}
        best = best_runs(column)
        for name, measured in column.items():
            _print_measured(name, measured, output, first.get(scenario.id), best=name in best)
    return code


def _chosen(index: Index, name: str) -> tuple[Scenario, ...]:
    return (find_scenario(index, name),) if name else list_scenarios(index)


def print_scenarios(project: Path, run: RunFolder, output: Output) -> None:
    """The scenarios of the project as a run that was evaluated just now answers them, from the answers that it has."""
    try:
        index = open_index(project)
    except ProblemError:
        # In a folder that cannot be written nothing was kept to measure with.
        return
    try:
        found = list_scenarios(index)
        present = present_pictures(index, found)
    finally:
        index.close()
    for measured in measure_scenarios(run, found, present).values() if found else ():
        _print_measured(run.id, measured, output)


def _print_measured(run: str, measured: Measured, output: Output, reference: Measured | None = None, *, best: bool = False
                    ) -> None:
    against = None if reference is None or reference is measured else compare_measured(measured, reference)
    line: dict[str, Any] = {
        "event": "scenario", "scenario": measured.scenario.name, "run": run, "pictures": measured.pictures,
        "right": measured.right, "accuracy": measured.accuracy, "interval": measured.interval,
        "learned_from": len(measured.learned), "learned_accuracy": measured.learned_accuracy,
        "not_measured": len(measured.waiting), "unknown_class": measured.unknown, "gone": measured.gone, "best": best,
        "difference": None if against is None else {"pictures": against.pictures, "difference": against.difference,
                                                    "p_value": against.p_value}}
    output.line(line, f"{measured.scenario.name}  {run}  {measured_text(measured)}" + (
        "" if against is None else "  " + tr("{d} points against the first run (p = {p})",
                                             "{d} puntos respecto al primero (p = {p})",
                                             d=format_number(100 * against.difference, "+.1f"),
                                             p=format_number(against.p_value, ".2g"))) + ("  *" if best else ""))


def measured_text(measured: Measured) -> str:
    """The accuracy with its interval, and what is not in it."""
    parts = []
    if measured.accuracy is not None and measured.interval is not None:
        low, high = (format_number(end, ".1%") for end in measured.interval)
        parts.append(tr("{accuracy} ({low} – {high}), {right} of {n}", "{accuracy} ({low} – {high}), {right} de {n}",
                        accuracy=format_number(measured.accuracy, ".1%"), low=low, high=high, right=measured.right,
                        n=measured.pictures))
    if measured.learned_accuracy is not None:
        parts.append(tr("seen in training: {n}, {accuracy} right", "vistas en el entrenamiento: {n}, {accuracy} acertadas",
                        n=len(measured.learned), accuracy=format_number(measured.learned_accuracy, ".1%")))
    for count, text in ((len(measured.waiting), tr("not measured: {n}", "sin medir: {n}", n=len(measured.waiting))),
                        (measured.unknown, tr("class unknown to the model: {n}", "de una clase que el modelo no conoce: {n}",
                                              n=measured.unknown)),
                        (measured.gone, tr("no longer in the collection: {n}", "ya no están en la colección: {n}",
                                           n=measured.gone))):
        if count:
            parts.append(text)
    return "; ".join(parts) or tr("no pictures", "sin imágenes")
