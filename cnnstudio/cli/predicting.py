"""`cnnstudio predict`: the answers of a model, as they come, and what is done with them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import msgspec

from cnnstudio.cli.jobs import exit_code, report_progress, stop_on_interrupt
from cnnstudio.cli.output import Output
from cnnstudio.cli.predict_comparing import Comparing
from cnnstudio.cli.predict_sorting import Sorting, undo
from cnnstudio.cli.targets import WRITTEN_TABLE, check_target
from cnnstudio.core import events, jobs
from cnnstudio.core.commands import Predict, PredictVideo, Request, Stop
from cnnstudio.core.logs import start_logging
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.sources.tables import table_format_of
from cnnstudio.imaging.video_names import ANIMATION_SUFFIXES, VIDEO_SUFFIXES
from cnnstudio.workers.answer_format import json_line, pictures_of, text_line
from cnnstudio.workers.answer_tables import write_answers
from cnnstudio.workers.job_setup import serving_job
from cnnstudio.workers.runs.folder import RunFolder, run_of
from cnnstudio.workers.runs.standing import standing_text
from cnnstudio.workers.supervisor import Supervisor

OnAnswer = Callable[[jobs.Prediction], object]


def predict(arguments: argparse.Namespace, output: Output) -> int:
    """Classify pictures and folders. Exit code 1 the model failed, 2 nothing could be answered."""
    if arguments.undo_sort is not None:
        return undo(arguments.undo_sort, output)
    _check(arguments)
    videos = [str(path) for path in arguments.paths if _is_video(path, arguments.every)]
    paths, left_out = pictures_of((str(path) for path in arguments.paths if str(path) not in videos), arguments.follow_links,
                                  arguments.ignore)
    output.problems(left_out, as_lines=False)
    if videos and (arguments.against is not None or arguments.sort_to is not None):
        text = Text("{path} is a video: --against and --sort-to are for pictures.",
                    "{path} es un vídeo: --against y --sort-to son para imágenes.")
        raise ProblemError(error("bad_combination", text.fill(path=videos[0]), "file", path=videos[0]))
    if not paths and not videos:
        text = Text("There are no pictures to classify. Choose other pictures or folders.",
                    "No hay imágenes que clasificar. Elija otras imágenes o carpetas.")
        raise ProblemError(error("no_pictures", text, "file"))
    start_logging("command")
    if arguments.against is not None:
        return _compare(arguments, paths, output)
    top = arguments.top if _table_of(arguments) is None else 0
    requests: list[Request] = [Predict(request=1, paths=tuple(paths), top=top)] if paths else []
    requests += [PredictVideo(request=number, path=path, every=arguments.every or 0.0, top=top)
                 for number, path in enumerate(videos, start=2)]
    return _answer(arguments, requests, left_out, output)


def _is_video(path: Path, every: float | None) -> bool:
    """Whether a path is answered frame by frame: an animation only where frames were asked for."""
    return path.suffix.lower() in (VIDEO_SUFFIXES if every is None else VIDEO_SUFFIXES | ANIMATION_SUFFIXES) \
        and not path.is_dir()


def _check(arguments: argparse.Namespace) -> None:
    """Raise ProblemError for arguments that cannot be."""
    if arguments.model is None or not arguments.paths:
        text = Text("predict needs a model and pictures: cnnstudio predict PROJECT-or-MODEL PATH...",
                    "predict necesita un modelo e imágenes: cnnstudio predict PROYECTO-o-MODELO RUTA...")
        raise ProblemError(error("no_pictures", text, "file"))
    if arguments.top < 1:
        text = Text("--top must be at least 1.", "--top debe ser al menos 1.")
        raise ProblemError(error("bad_top", text, "project", field="top"))
    if not 0 <= arguments.min_probability <= 1:
        text = Text("--min-probability must be from 0 to 1.", "--min-probability debe estar entre 0 y 1.")
        raise ProblemError(error("bad_probability", text, "project", field="min_probability"))
    if arguments.every is not None and not 0 <= arguments.every < float("inf"):
        text = Text("--every must be 0 or more seconds.", "--every debe ser de 0 segundos o más.")
        raise ProblemError(error("bad_every", text, "project", field="every"))
    if arguments.sort_to is None and (arguments.dry_run or arguments.min_probability):
        option = "--dry-run" if arguments.dry_run else "--min-probability"
        text = Text("{option} goes with --sort-to, which says where the pictures would be copied.",
                    "{option} acompaña a --sort-to, que indica adónde se copiarían las imágenes.")
        raise ProblemError(error("bad_combination", text.fill(option=option), "project", field="sort_to"))
    table = _table_of(arguments)
    if arguments.against is not None and (table is not None or arguments.sort_to is not None):
        text = Text("--against prints a comparison: it goes with neither --to, --csv nor --sort-to.",
                    "--against muestra una comparación: no se combina con --to, --csv ni --sort-to.")
        raise ProblemError(error("bad_combination", text, "project", field="against"))
    if table is not None:
        if arguments.csv is None:
            table_format_of(table)
        check_target(table, arguments.force, WRITTEN_TABLE)


def _compare(arguments: argparse.Namespace, paths: Sequence[str], output: Output) -> int:
    """Both models, one after the other."""
    comparing = Comparing(output, arguments.top)
    first, second = serving_job(arguments.model, arguments.run), serving_job(arguments.against)
    request = Predict(request=1, paths=tuple(paths), top=0)
    last, answered, usable = ask(first, [request], output, comparing.on_first_ready, comparing.add_first)
    if isinstance(last, events.Failed) or answered < len(paths):
        return exit_code(last, output) or 1
    last, _answered, other_usable = ask(second, [request], output, comparing.on_second_ready, comparing.add_second)
    comparing.report(output)
    if isinstance(last, events.Failed):
        return exit_code(last, output)
    return 0 if usable and other_usable else 2


def _table_of(arguments: argparse.Namespace) -> Path | None:
    path: Path | None = arguments.to if arguments.to is not None else arguments.csv
    return path


def _answer(arguments: argparse.Namespace, requests: Sequence[Request], left_out: Sequence[Problem], output: Output) -> int:
    job = serving_job(arguments.model, arguments.run)
    run = run_of(Path(job.model))
    table = _table_of(arguments)
    sorting = None if arguments.sort_to is None else Sorting(arguments.sort_to, arguments.min_probability, arguments.dry_run)
    code = 1
    with suppress(_NothingToKeep), ExitStack() as stack:
        consumers: list[OnAnswer] = [Printer(output, run, arguments.top, left_out)]
        if sorting is not None:
            consumers.append(sorting.add)

        def on_ready(ready: jobs.Ready) -> None:
            if run is not None and not output.as_json:
                # The newest run is not always a good one, so the output starts with which run answers.
                output.write_line(tr("predictions of the run {run} ({standing})",
                                     "predicciones del entrenamiento {run} ({standing})",
                                     run=run.id, standing=standing_text(run.summary())))
            if table is not None:
                consumers.append(stack.enter_context(write_answers(
                    table, ready.class_names, with_doubt=ready.rejection is not None,
                    with_time=any(isinstance(request, PredictVideo) for request in requests),
                    format="csv" if arguments.csv is not None else "")))

        last, answered, usable = ask(job, requests, output, on_ready,
                                     lambda answer: [consume(answer) for consume in consumers])
        if isinstance(last, events.Failed):
            code = exit_code(last, output)
            if not answered:
                raise _NothingToKeep
            _report_incomplete(table, answered, output)
        else:
            code = 0 if usable else 2
    if sorting is not None:
        sorting.report(output)
    return code


class _NothingToKeep(Exception):
    """The model failed before its first answer."""


def ask(job: jobs.Serve, requests: Sequence[Request], output: Output, on_ready: Callable[[jobs.Ready], object],
        on_answer: OnAnswer) -> tuple[events.Event, int, int]:
    """Ask a model in a child; (its last event, answers, answers without a problem). What a callback raises ends the
    child and is raised here."""
    caught: list[BaseException] = []
    open_requests = {request.request for request in requests}
    counts = [0, 0]

    def handle(event: events.Event) -> None:
        if caught:
            return
        try:
            handle_safely(event)
        except (ProblemError, OSError) as err:
            # The supervisor would only write it into its log.
            caught.append(err)
            supervisor.stop(keep=False)

    def handle_safely(event: events.Event) -> None:
        report_progress(event, output)
        if isinstance(event, jobs.Ready):
            on_ready(event)
            for request in requests:
                supervisor.send(request)
        elif isinstance(event, jobs.Prediction):
            counts[0] += 1
            counts[1] += event.problem is None
            on_answer(event)
        elif isinstance(event, jobs.Answered):
            if event.problem is not None:
                output.problems([event.problem])
            open_requests.discard(event.request)
            if not open_requests:
                supervisor.send(Stop(keep=False))

    supervisor = Supervisor(job, handle)
    with stop_on_interrupt(supervisor, output):
        last = supervisor.run()
    if caught:
        raise caught[0]
    return last, counts[0], counts[1]


class Printer:
    """Prints each answer as it comes."""

    def __init__(self, output: Output, run: RunFolder | None, top: int, left_out: Sequence[Problem]) -> None:
        self._output, self._run, self._top, self._left_out = output, run, top, left_out

    def __call__(self, event: jobs.Prediction) -> None:
        answer = msgspec.structs.replace(event, top=event.top[:self._top])
        if self._output.as_json:
            left_out, self._left_out = self._left_out, ()
            self._output.write_json_line(json_line(answer, self._run.id if self._run is not None else "", left_out))
        else:
            self._output.write_line(text_line(answer))


def _report_incomplete(table: Path | None, answered: int, output: Output) -> None:
    if table is not None:
        text = Text("The table {path} holds only what was answered before: {n} rows.",
                    "La tabla {path} contiene solo lo respondido hasta entonces: {n} filas.")
        output.problems([warning("incomplete_table", text.fill(path=table, n=answered), "file", path=table)], as_lines=False)
