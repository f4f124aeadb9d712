"""`cnnstudio train` and `cnnstudio reproduce`: one run, a run that goes on, or several that follow one another."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from cnnstudio.cli.added_class import check_adding, prepared_with_class
from cnnstudio.cli.clusters import chosen_cluster, train_on
from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output, count_progress, localized, scan_progress
from cnnstudio.core import events
from cnnstudio.core.clusters import Cluster
from cnnstudio.core.commands import ObserveLayers
from cnnstudio.core.jobs import Train
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, format_metrics, format_number, tr
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.datasets.opening import open_project
from cnnstudio.network.key_values import with_values
from cnnstudio.workers.forecasts import outcome_of, outcome_text
from cnnstudio.workers.job_setup import evaluation_job, prepare_training, refresh_index
from cnnstudio.workers.runs.class_change import change_lines, change_verdict, class_change
from cnnstudio.workers.runs.comparison import is_evaluated, split_to_compare
from cnnstudio.workers.runs.folder import RunFolder, delete_run, find_run, list_runs
from cnnstudio.workers.runs.group_figures import GroupFigures, Spread, group_figures
from cnnstudio.workers.runs.groups import Member, prepare_folds, prepare_seeds
from cnnstudio.workers.runs.reproducing import (
    OUTCOME_TEXTS,
    Reproduction,
    check_reproducible,
    picture_problems,
    prepare_again,
    reproduction,
)
from cnnstudio.workers.runs.resuming import longer, resumed_job
from cnnstudio.workers.runs.run_problems import in_use_problem
from cnnstudio.workers.runs.weights import copy_weights, named_weights, seen_pictures, weights_origin

_SHARES: Final = ("accuracy", "val_accuracy")


class Way(NamedTuple):
    """How runs are trained: whether the insides of the layers are recorded, and on which cluster."""

    layers: bool = False
    cluster: Cluster | None = None


def _way(arguments: argparse.Namespace) -> Way:
    return Way(arguments.layers, chosen_cluster(arguments.cluster, arguments.hosts))


def train(arguments: argparse.Namespace, output: Output) -> int:
    """Train as the arguments say."""
    _check(arguments)
    if arguments.resume is not None or arguments.more is not None:
        run, job = _going_on(arguments)
        return exit_code(_train_one(run, job, output, _way(arguments)), output)
    if arguments.new_class is not None:
        return exit_code(_train_one(*prepared_with_class(arguments, output), output, _way(arguments)), output)
    members = _prepared(arguments, output)
    if len(members) == 1:
        return exit_code(_train_one(*members[0], output, _way(arguments)), output)
    return _train_group(members, output, _way(arguments))


def _check(arguments: argparse.Namespace) -> None:
    """Raise ProblemError for options that do not go together."""
    if arguments.layers and arguments.cluster is not None:
        text = Text("The insides of the layers cannot be recorded on a cluster: leave out --layers.",
                    "El interior de las capas no se puede registrar en un clúster: quite --layers.")
        raise ProblemError(error("options", text, "project"))
    chosen_cluster(arguments.cluster, arguments.hosts)
    check_adding(arguments)
    if arguments.begin is not None and (arguments.resume is not None or arguments.more is not None):
        text = Text("--from begins a new run, --resume and --continue go on with an old one: use one of them.",
                    "--from empieza un entrenamiento nuevo; --resume y --continue siguen con uno anterior: use solo una "
                    "opción.")
        raise ProblemError(error("options", text, "project"))
    if arguments.begin is not None and arguments.folds is not None:
        text = Text("--from and --folds do not go together: the weights have already learned pictures of every fold.",
                    "--from y --folds no van juntas: los pesos ya han aprendido imágenes de todos los pliegues.")
        raise ProblemError(error("options", text, "project"))
    if arguments.run is not None and arguments.more is None:
        text = Text("--run names the run of --continue N. To resume a run: --resume {run}. To begin with its weights: --from "
                    "{run}.",
                    "--run indica el entrenamiento de --continue N. Para continuar uno: --resume {run}. Para partir de sus "
                    "pesos: --from {run}.")
        raise ProblemError(error("options", text.fill(run=arguments.run), "project"))


def _going_on(arguments: argparse.Namespace) -> tuple[RunFolder, Train]:
    """The run that goes on, and its job."""
    open_project(arguments.project)[1].close()
    if arguments.resume is not None:
        run = find_run(arguments.project, arguments.resume)
        if run.living():
            raise ProblemError(in_use_problem(run))
        return run, resumed_job(run, with_values(run.spec(), arguments.values))
    newest = next((summary.id for summary in list_runs(arguments.project) if summary.epochs), None)
    run = find_run(arguments.project, newest if arguments.run is None else arguments.run)
    project = longer(run, arguments.more)
    changed = with_values(project, arguments.values)
    if changed.training.epochs != project.training.epochs:
        text = Text("--continue {n} already says how many epochs follow: leave out --set training.epochs.",
                    "--continue {n} ya dice cuántas épocas siguen: quite --set training.epochs.")
        raise ProblemError(error("options", text.fill(n=arguments.more), "project"))
    return run, resumed_job(run, changed)


def _prepared(arguments: argparse.Namespace, output: Output) -> list[Member]:
    """The new runs, before the first of them is trained: all of the same pictures."""
    project, index = open_project(arguments.project)
    try:
        project = with_values(project, arguments.values)
        chosen = None if arguments.begin is None else named_weights(arguments.project, arguments.begin)
        noticed = refresh_index(arguments.project, project, index, scan_progress(output))
        index.apply(project.dataset)
        output.problems([item for item in noticed if not item.blocks], as_lines=False)
        origin = weights_origin(*chosen) if chosen else None
        begin = (lambda folder: copy_weights(*chosen, folder)) if chosen else None
        members = _members(arguments, project, index, noticed, {"origin": origin, "begin": begin})
    finally:
        index.close()
    if chosen:
        seen = seen_pictures(chosen[0], read_manifest(members[0][0].manifest_path))
        output.problems([seen] if seen else [], as_lines=False)
    return members


def _members(arguments: argparse.Namespace, project: Project, index: Index, noticed: Sequence[Any], begun: dict[str, Any]
             ) -> list[Member]:
    if arguments.seeds is not None:
        return prepare_seeds(arguments.project, project, index, arguments.seeds, noticed, **begun)
    if arguments.folds is not None:
        return prepare_folds(arguments.project, project, index, arguments.folds, noticed)
    return [prepare_training(arguments.project, project, index, noticed, **begun)]


def _train_one(run: RunFolder, job: Train, output: Output, way: Way | None = None) -> events.Event:
    """Train a run; returns the last event."""
    way = way or Way()

    def handle(event: events.Event) -> None:
        report_progress(event, output)
        if output.as_json:
            output.line(localized(event))

    if way.cluster is not None:
        last = train_on(way.cluster, run, job, output)
    else:
        last = run_job(job, output, handle, *([ObserveLayers()] if way.layers else []))
    if not output.as_json and isinstance(last, events.Finished | events.Stopped):
        output.line({}, tr("run {run}: {metrics}", "entrenamiento {run}: {metrics}", run=run.id,
                           metrics=format_metrics(last.metrics)))
    change = class_change(run) if isinstance(last, events.Finished | events.Stopped) else None
    if change is not None and not output.as_json:
        output.line({}, "\n".join([*(f"{what}: {figure}" for what, figure in change_lines(change)),
                                   str(change_verdict(change))]))
    outcome = outcome_of(run)
    if outcome is not None:
        output.print_message(str(outcome_text(outcome)))
    return last


def _train_group(members: Sequence[Member], output: Output, way: Way) -> int:
    """Train the runs of a group one after the other. A run that fails does not end it; Ctrl+C does."""
    code = 0
    for number, (run, job) in enumerate(members, start=1):
        output.print_message(tr("run {n} of {total}: {run}", "entrenamiento {n} de {total}: {run}", n=number,
                                total=len(members), run=run.id))
        output.line({"event": "run", "run": run.id, "member": number, "members": len(members)})
        last = _train_one(run, job, output, way)
        code = max(code, exit_code(last, output))
        if isinstance(last, events.Stopped) or output.unread:
            for later, _job in members[number:]:
                delete_run(later)
            code = 1
            break
    ids = {run.id for run, _job in members}
    figures = group_figures([run for run in list_runs(members[0][0].project_folder) if run.id in ids])
    if figures.runs:
        output.line({"event": "group", **localized(figures)}, "\n".join(group_lines(figures)))
    return code


def group_lines(figures: GroupFigures) -> list[str]:
    """The figures of a group for the terminal."""
    lines = [tr("group {group}, runs {n} of {total}", "grupo {group}, entrenamientos {n} de {total}", group=figures.group,
                n=len(figures.runs), total=figures.members)]
    width = max(map(len, figures.metrics), default=0)
    lines += [f"  {name:<{width}}  {format_spread(name, spread)}" for name, spread in figures.metrics.items()]
    pooled = figures.pooled
    if pooled is not None:
        lines.append("  " + tr("pooled accuracy {accuracy:.2%} ({right:,} of {images:,}), 95% interval {low} to {high}",
                               "exactitud conjunta {accuracy:.2%} ({right:,} de {images:,}), intervalo del 95 %: {low} a "
                               "{high}",
                               accuracy=pooled.accuracy, right=pooled.right, images=pooled.images,
                               low=format_number(pooled.interval[0], ".2%"), high=format_number(pooled.interval[1], ".2%")))
    return lines


def format_spread(name: str, spread: Spread) -> str:
    """Mean ± standard deviation."""
    form = ".2%" if name in _SHARES else ".4f"
    mean = format_number(spread.mean, form)
    return mean if spread.deviation is None else f"{mean} ± {format_number(spread.deviation, form)}"


def reproduce(arguments: argparse.Namespace, output: Output) -> int:
    """Train a run again and judge the difference."""
    open_project(arguments.project)[1].close()
    original = find_run(arguments.project, arguments.run)
    check_reproducible(original)
    progress = count_progress(output, Text("pictures", "imágenes"))
    again, job, changes = prepare_again(original, progress)
    output.problems(picture_problems(changes), as_lines=False)
    last = _train_one(again, job, output)
    if not isinstance(last, events.Finished):
        return max(1, exit_code(last, output))
    result = reproduction(original, again, changes)
    if result.outcome == "unjudged":
        try:
            split = split_to_compare(original, again)
        except ProblemError:
            split = ""
        for run in (original, again) if split else ():
            if not is_evaluated(run, split) and exit_code(
                    run_job(evaluation_job(run, split), output, lambda event: report_progress(event, output)), output):
                return 1
        result = reproduction(original, again, changes, split)
    output.line({"event": "reproduction", **localized(result)}, "\n".join(_reproduction_lines(result)))
    return int(result.outcome == "different")


def _reproduction_lines(result: Reproduction) -> list[str]:
    lines = [str(OUTCOME_TEXTS[result.outcome]),
             "  " + tr("epochs with the same figures: {n} of {total}", "épocas con las mismas cifras: {n} de {total}",
                       n=result.epochs_equal, total=result.epochs)]
    if result.judged is not None:
        lines.append(f"  {result.judged}")
    return lines + [f"  {line}" for line in result.differences]
