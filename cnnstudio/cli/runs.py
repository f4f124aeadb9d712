"""`cnnstudio runs`: the list of runs, and what is written about them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import msgspec

from cnnstudio.cli.output import Output
from cnnstudio.cli.training import group_lines
from cnnstudio.core.files import read_project
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, format_metrics, format_number, on_one_line, tr
from cnnstudio.workers.runs.folder import STATE_NAMES, RunFolder, find_run, list_runs
from cnnstudio.workers.runs.group_figures import group_figures
from cnnstudio.workers.runs.history import write_history
from cnnstudio.workers.runs.labels import RunLabels, read_labels, write_labels
from cnnstudio.workers.runs.names import read_name, write_name
from cnnstudio.workers.runs.origin import RunOrigin, origin_text
from cnnstudio.workers.runs.table import RunRow, differing_keys, matches, run_rows, sort_rows
from cnnstudio.workers.runs.trash import empty_trash, restore_run, trash_run

_DIFFERING = "differing"


def runs(arguments: argparse.Namespace, output: Output) -> int:
    """List the runs, or do with one of them what the arguments say."""
    read_project(arguments.project)
    if arguments.delete is not None or arguments.restore is not None or arguments.empty_trash:
        return _trash(arguments, output)
    labels = {name: value for name, value in (
        ("note", arguments.note), ("tags", None if arguments.tag is None else tuple(arguments.tag.split(","))),
        ("group", arguments.group), ("color", arguments.color)) if value is not None}
    if labels or arguments.rename is not None:
        _write(_chosen(arguments), arguments.rename, labels, output)
    if arguments.csv is not None:
        chosen = _chosen(arguments)
        write_history(chosen, arguments.csv)
        output.line({"run": chosen.id, "csv": str(arguments.csv), "epochs": len(chosen.epochs())},
                    tr("The epochs of {run} were written to {path}.",
                       "Las épocas de {run} se escribieron en {path}.", run=chosen.id,
                       path=arguments.csv))
    if not labels and arguments.rename is None and arguments.csv is None:
        _list(arguments, output)
    return 0


def _chosen(arguments: argparse.Namespace) -> RunFolder:
    """The run of --run, or the newest, whether it has a model or not."""
    newest = next((run.id for run in list_runs(arguments.project)), None)
    return find_run(arguments.project, newest if arguments.run is None else arguments.run)


def _write(run: RunFolder, name: str | None, changes: dict[str, Any], output: Output) -> None:
    if name is not None:
        write_name(run.folder, name)
    if changes:
        color = changes.get("color")
        if color is not None and not 0 <= color < 1000:
            text = Text("A colour is a number from 0 to 999, not {n}.", "Un color es un número de 0 a 999, no {n}.")
            raise ProblemError(error("bad_color", text.fill(n=color), "run"))
        write_labels(run.folder, msgspec.structs.replace(read_labels(run.folder), **changes))
    labels, title = read_labels(run.folder), read_name(run.folder)
    lines = []
    if name is not None:
        lines.append(tr("The run {id} is now called {name}.", "El entrenamiento {id} ahora se llama {name}.", id=run.id,
                        name=title or run.id))
    if changes:
        lines.append(tr("The run {id} now has: {labels}", "El entrenamiento {id} tiene ahora: {labels}", id=run.id,
                        labels=_labels_text(labels) or "-"))
    output.line({"run": run.id, "name": title, **(msgspec.to_builtins(labels) if changes else {})}, "\n".join(lines))


def _labels_text(labels: RunLabels) -> str:
    parts = [" ".join(f"#{tag}" for tag in labels.tags),
             tr("group {name}", "grupo {name}", name=labels.group) if labels.group else "",
             on_one_line(labels.note)]
    return "  ".join(part for part in parts if part)


def _trash(arguments: argparse.Namespace, output: Output) -> int:
    lock = ProjectLock(arguments.project)
    refused = lock.acquire()
    if refused is not None:
        raise ProblemError(refused)
    try:
        if arguments.delete is not None:
            trash_run(find_run(arguments.project, arguments.delete))
            output.line({"deleted": arguments.delete}, tr(
                "{run} is in the trash. To bring it back: cnnstudio runs PROJECT --restore {run}",
                "{run} está en la papelera. Para recuperarlo: cnnstudio runs PROYECTO --restore {run}", run=arguments.delete))
        elif arguments.restore is not None:
            restore_run(arguments.project, arguments.restore)
            output.line({"restored": arguments.restore}, tr("{run} was restored.", "Se restauró {run}.", run=arguments.restore))
        else:
            count = empty_trash(arguments.project)
            output.line({"emptied": count}, tr("Runs deleted permanently: {n}", "Entrenamientos borrados definitivamente: {n}",
                                               n=count))
    finally:
        lock.release()
    return 0


def _list(arguments: argparse.Namespace, output: Output) -> None:
    known = run_rows(arguments.project)
    rows = [row for row in known if matches(row, arguments.filter or "")]
    if not known:
        output.print_message(tr("There are no runs yet.", "Aún no hay entrenamientos."))
    elif not rows:
        output.print_message(tr("No run matches the filter {words}. Runs in all: {n}",
                                "Ningún entrenamiento coincide con el filtro {words}. Entrenamientos en total: {n}",
                                words=arguments.filter, n=len(known)))
    if arguments.sort:
        rows = sort_rows(rows, arguments.sort)
    columns: list[str] = []
    for key in (arguments.columns or "").split(","):
        columns += differing_keys(rows) if key.strip() == _DIFFERING else [key.strip()] if key.strip() else []
    unknown = [key for key in columns if rows and all(key not in row.settings for row in rows)]
    if unknown:
        text = Text("No run has a setting called {names}. `show` lists the settings of a project.",
                    "Ningún entrenamiento tiene un ajuste llamado {names}. `show` enumera los ajustes de un proyecto.")
        raise ProblemError(error("no_column", text.fill(names=", ".join(unknown)), "run"))
    for row in rows:
        output.line(_json(row, columns), "\n".join(_lines(row, columns)))
        damage = row.run.problem if row.run.state == "damaged" else row.run.damage
        if damage is not None:
            output.problems([damage], as_lines=False)
    _list_groups(rows, output)


def _list_groups(rows: Sequence[RunRow], output: Output) -> None:
    """The figures of groups of two or more among the listed runs."""
    for name in dict.fromkeys(row.run.group for row in rows if row.run.group):
        members = [row.run for row in rows if row.run.group == name]
        figures = group_figures(members)
        if len(figures.runs) > 1:
            output.line({"event": "group", **msgspec.to_builtins(figures)}, "\n".join(group_lines(figures)))


def _json(row: RunRow, columns: Sequence[str]) -> dict[str, Any]:
    run = row.run
    value = {"run": run.id, "name": run.name, "state": run.state, "epochs": run.epochs, "metrics": run.metrics,
             "note": run.labels.note, "tags": list(run.labels.tags), "group": run.group, "color": run.labels.color,
             "seconds": run.seconds, "device": row.device, "size": row.size, "data": row.data, "interval": row.interval}
    if run.origin != RunOrigin():
        value["origin"] = msgspec.to_builtins(run.origin)
    return value | ({"settings": {key: row.settings.get(key) for key in columns}} if columns else {})


def _lines(row: RunRow, columns: Sequence[str]) -> list[str]:
    run = row.run
    epochs = tr("1 epoch", "1 época") if run.epochs == 1 else tr("{n} epochs", "{n} épocas", n=run.epochs)
    named = f"{run.id} ({run.name})" if run.name else run.id
    parts = [named, str(STATE_NAMES[run.state]), epochs, format_metrics(run.metrics)]
    origin = origin_text(run.origin)
    if row.interval is not None:
        low, high = (format_number(value, ".1%") for value in row.interval)
        parts.append(tr("val_accuracy 95%: {low} to {high}", "val_accuracy 95 %: {low} a {high}", low=low, high=high))
    parts += [str(origin)] if origin is not None else []
    parts += [tr("data {version}", "datos {version}", version=row.data)] if row.data else []
    lines = [on_one_line("  ".join(part for part in parts if part))]
    lines += [f"  {key} = {on_one_line(_plain(row.settings.get(key)))}" for key in columns]
    labels = _labels_text(run.labels)
    return [*lines, *([f"  {labels}"] if labels else [])]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
