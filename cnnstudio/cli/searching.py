"""`cnnstudio search`: a search for better settings, its list, its result, and its best settings in the project."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cnnstudio.cli.clusters import chosen_cluster
from cnnstudio.cli.interrupts import handling_interrupts
from cnnstudio.cli.output import Output, localized, problem_line, scan_progress
from cnnstudio.cli.projects import locked_project
from cnnstudio.cli.search_texts import search_line, search_row, trial_line, trial_row
from cnnstudio.core.clusters import Cluster
from cnnstudio.core.files import write_project
from cnnstudio.core.logs import start_logging
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.search import Objective, SearchSpec
from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.datasets.opening import open_project
from cnnstudio.network.key_values import with_values
from cnnstudio.workers.job_setup import refresh_index
from cnnstudio.workers.search.applying import chosen_trial, with_trial
from cnnstudio.workers.search.begin import begin_search, extend_search
from cnnstudio.workers.search.driver import SearchDriver
from cnnstudio.workers.search.folder import SearchFolder, find_search
from cnnstudio.workers.search.importances import IMPORTANCES, importances
from cnnstudio.workers.search.objectives import objective_type
from cnnstudio.workers.search.reading import list_searches, read_search
from cnnstudio.workers.search.search_events import (
    SearchBegan,
    SearchEnded,
    SearchEvent,
    SearchNotice,
    TrialBegan,
    TrialEnded,
    TrialMoved,
)
from cnnstudio.workers.search.space import parse_varied
from cnnstudio.workers.search.spec_checks import parse_objective, usual_pruner

_NEW = ("vary", "objective", "sampler", "pruner", "terminator", "folds", "seed", "values")
"""Options that only a new search takes."""


def search(arguments: argparse.Namespace, output: Output) -> int:
    """Do what the arguments say."""
    _check(arguments)
    cluster = chosen_cluster(arguments.cluster, arguments.hosts, 1)
    if arguments.list:
        return _list(arguments, output)
    if arguments.show is not None:
        return _show(arguments, output)
    if arguments.apply is not None:
        return _apply(arguments, output)
    if arguments.resume is not None:
        open_project(arguments.project)[1].close()
        folder = find_search(arguments.project, arguments.resume or None)
        extend_search(folder, read_search(folder).seconds, trials=arguments.trials, seconds=arguments.seconds,
                      parallel=arguments.parallel)
    else:
        folder = _begun(arguments, output)
    return _drive(folder, output, cluster)


def _check(arguments: argparse.Namespace) -> None:
    """Raise ProblemError for options that do not go together."""
    other = next((f"--{name}" for name in ("list", "show", "apply", "resume") if getattr(arguments, name) not in (None, False)),
                 None)
    if arguments.cluster is not None and (arguments.list or arguments.show is not None or arguments.apply is not None):
        text = Text("--on is for a search that trains: leave it out.", "--on es para una búsqueda que entrena: quítela.")
        raise ProblemError(error("options", text, "project"))
    given = [f"--{name}" for name in ("trials", "seconds", "parallel") if getattr(arguments, name) is not None]
    if given and other in ("--list", "--show", "--apply"):
        text = Text("{other} trains nothing: leave {option} out.", "{other} no entrena nada: quite {option}.")
        raise ProblemError(error("options", text.fill(other=other, option=given[0]), "project"))
    given = [f"--{'set' if name == 'values' else name}" for name in _NEW if getattr(arguments, name) not in (None, [])]
    if other is not None and (given or arguments.no_present):
        text = Text("{other} is for a search that is there, {option} for a new one: use one of them.",
                    "{other} es para una búsqueda que ya existe y {option} para una nueva: use solo una opción.")
        raise ProblemError(error("options", text.fill(other=other, option=(*given, "--no-present")[0]), "project"))
    for option, needs, present in (("--trial", "--apply", arguments.trial is not None and arguments.apply is None),
                                   ("--importance", "--show", arguments.importance is not None and arguments.show is None)):
        if present:
            text = Text("{option} goes with {needs}.", "{option} va con {needs}.")
            raise ProblemError(error("options", text.fill(option=option, needs=needs), "project"))


def _begun(arguments: argparse.Namespace, output: Output) -> SearchFolder:
    """A new search. Raises ProblemError with all that is wrong with the options."""
    problems: list[Problem] = []
    varied, objectives = [], []
    for text in arguments.vary:
        try:
            varied.append(parse_varied(text))
        except ProblemError as problem_error:
            problems += problem_error.problems
    for text in arguments.objective:
        try:
            objectives.append(parse_objective(text))
        except ProblemError as problem_error:
            problems += problem_error.problems
    project, index = open_project(arguments.project)
    try:
        try:
            project = with_values(project, arguments.values)
        except ProblemError as problem_error:
            problems += problem_error.problems
        if problems:
            raise ProblemError(*problems)
        noticed = refresh_index(arguments.project, project, index, scan_progress(output))
        index.apply(project.dataset)
        output.problems([item for item in noticed if not item.blocks], as_lines=False)
        chosen = tuple(objectives) or (Objective(name="val_accuracy"),)
        settings: dict[str, Any] = {name: value for name in ("trials", "seconds", "parallel", "sampler", "terminator", "folds",
                                                             "seed") if (value := getattr(arguments, name)) is not None}
        spec = SearchSpec(varied=tuple(varied), objectives=chosen, present=not arguments.no_present,
                          pruner=arguments.pruner or usual_pruner(chosen), **settings)
        return begin_search(arguments.project, project, index, spec, noticed)
    finally:
        index.close()


def _drive(folder: SearchFolder, output: Output, cluster: Cluster | None = None) -> int:
    """Search, with a line a trial; returns the exit code."""
    start_logging("command")
    spec = folder.spec()

    def hear(event: SearchEvent) -> None:
        if isinstance(event, SearchBegan):
            output.line({"event": "search", "search": event.search, "trials": event.trials, "done": event.done},
                        tr("search {id}: {done} of {n} trials", "búsqueda {id}: {done} de {n} ensayos", id=event.search,
                           done=event.done, n=event.trials))
        elif isinstance(event, TrialEnded):
            output.line(trial_row(event.trial, spec) | {"best": event.best}, trial_line(event.trial, spec, event.best))
        elif isinstance(event, SearchNotice):
            output.problems([event.problem], as_lines=False)
        elif isinstance(event, TrialMoved):
            value = "" if event.value is None else f"  {objective_type(spec.objectives[0]).format(event.value)}"
            output.progress(tr("trial {n}, epoch {epoch} of {epochs}", "ensayo {n}, época {epoch} de {epochs}",
                               n=event.number + 1, epoch=event.epoch, epochs=event.epochs) + value)
        elif isinstance(event, TrialBegan):
            output.progress(tr("trial {n}: {run}", "ensayo {n}: {run}", n=event.number + 1, run=event.run))

    driver = SearchDriver(folder, hear, cluster=cluster)
    with _stop_on_interrupt(driver, output):
        ended = driver.run()
    output.clear_progress()
    return _finish(folder, ended, output)


def _finish(folder: SearchFolder, ended: SearchEnded, output: Output) -> int:
    """The last line, with the best run of each objective."""
    found = read_search(folder)
    kind = {"stopped": "stopped", "problem": "failed"}.get(ended.ending, "finished")
    if ended.problem is not None:
        output.problems([ended.problem], as_lines=False)
    output.line({"event": kind, "reason": ended.ending, **search_row(found),
                 "problem": None if ended.problem is None else problem_line(ended.problem)}, search_line(found))
    if kind == "stopped" or (kind == "finished" and ended.ending == "seconds"):
        output.print_message(tr("To go on: cnnstudio search {project} --resume {id}",
                                "Para continuar: cnnstudio search {project} --resume {id}", project=folder.project_folder,
                                id=folder.id))
    return int(kind != "finished" or not found.complete or output.unread)


@contextmanager
def _stop_on_interrupt(driver: SearchDriver, output: Output) -> Iterator[None]:
    """Inside, Ctrl+C stops the search so that it can go on later; a second one ends the children, a third one kills them."""
    requests = 0

    def stop(_number: int, _frame: object) -> None:
        nonlocal requests
        requests += 1
        if requests == 1:
            output.print_message(tr("Stopping; the trials keep what they have (press Ctrl+C again to end at once).",
                                    "Deteniendo; los ensayos conservan lo que tienen (pulse Ctrl+C otra vez para terminar de "
                                    "inmediato)."))
            driver.stop()
        elif requests == 2:
            driver.cancel()
        else:
            driver.kill()

    output.on_unread = driver.stop
    with handling_interrupts(stop):
        yield


def _list(arguments: argparse.Namespace, output: Output) -> int:
    open_project(arguments.project)[1].close()
    found = list_searches(arguments.project)
    for item in found:
        output.line({"event": "search", **search_row(item)}, search_line(item))
        if item.why is not None and item.why.code == "damaged_search":
            output.problems([item.why], as_lines=False)
    if not found:
        output.print_message(tr("There is no search yet.", "Aún no hay ninguna búsqueda."))
    return 0


def _show(arguments: argparse.Namespace, output: Output) -> int:
    folder = find_search(arguments.project, arguments.show or None)
    found = read_search(folder)
    if found.why is not None and found.why.code == "damaged_search":
        raise ProblemError(found.why)
    for trial in found.trials:
        output.line(trial_row(trial, found.spec) | {"best": trial.number in found.best},
                    trial_line(trial, found.spec, trial.number in found.best))
    measure = arguments.importance or IMPORTANCES.ids()[0]
    for place, objective in enumerate(found.spec.objectives):
        try:
            shares = importances(folder, measure, place)
        except ProblemError as problem_error:
            output.problems(problem_error.problems, as_lines=False)
            continue
        lines = [tr("what matters for {name} ({measure}):", "qué importa para {name} ({measure}):",
                    name=objective_type(objective).label, measure=measure)]
        lines += [f"  {format_number(share, '6.1%')}  {key}" for key, share in shares.items()]
        output.line({"event": "importances", "objective": objective.name, "measure": measure, "shares": shares},
                    "\n".join(lines))
    output.line({"event": "search", **search_row(found)}, search_line(found))
    return 0


def _apply(arguments: argparse.Namespace, output: Output) -> int:
    found = read_search(find_search(arguments.project, arguments.apply or None))
    trial = chosen_trial(found, None if arguments.trial is None else arguments.trial - 1)
    with locked_project(arguments.project) as before:
        write_project(arguments.project, with_trial(arguments.project, before, found, trial))
    for key, value in trial.params.items():
        output.line({"key": key, "value": localized(value)}, f"{key} = {value}")
    return 0
