"""Commands that explain: which parts of a picture an answer comes from."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import msgspec

from cnnstudio.catalog.explanations import EXPLANATIONS
from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.core import events
from cnnstudio.core.explain_jobs import Explained, ExplainedTogether, ExplainRequest
from cnnstudio.core.params import Param, find_param
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, format_number, on_one_line, tr
from cnnstudio.workers.answer_format import DECIMALS, pictures_of
from cnnstudio.workers.explain_setup import append_line, explain_job, explanation_folder, run_pictures
from cnnstudio.workers.job_setup import serving_job


def explain(arguments: argparse.Namespace, output: Output) -> int:
    """Explain pictures and write the overlays into a folder; a line for each picture."""
    params = method_params(arguments.method, arguments.values)
    if not 0 < arguments.strength <= 1:
        text = Text("--strength must be greater than 0 and at most 1.", "--strength debe ser mayor que 0 y como máximo 1.")
        raise ProblemError(error("bad_strength", text, "run", field="strength"))
    paths = chosen_pictures(arguments, output)
    request = ExplainRequest(paths=tuple(paths), method=arguments.method, params=params, layer=arguments.layer or "",
                             class_name=arguments.class_name or "", strength=arguments.strength, check=arguments.check,
                             mean=arguments.mean, target=str(arguments.to.absolute()))
    job = explain_job(arguments.model, request, arguments.run)
    done: list[Explained] = []

    def handle(event: events.Event) -> None:
        report_progress(event, output)
        if isinstance(event, Explained):
            done.append(event)
            line = _line(event)
            if event.problem is None:
                append_line(arguments.to, line)
            output.line(line, _text(event))
        elif isinstance(event, ExplainedTogether):
            line = {"event": event.kind, "file": event.file, "pictures": event.pictures}
            append_line(arguments.to, line)
            output.line(line, event.file)

    with explanation_folder(arguments.to, arguments.model if arguments.model.is_dir() else None):
        last = run_job(job, output, handle)
    return answer_code(last, output, any(event.problem is None for event in done))


def answer_code(last: events.Event, output: Output, answered: bool) -> int:
    """The exit code of a job that answers for pictures: 2 where what was asked for is not in the model, or no picture could be
    read."""
    if isinstance(last, events.Failed) and last.problem.where.field:
        # What such a problem locates at a field was typed.
        output.problems([last.problem])
        return 2
    if isinstance(last, events.Failed):
        return exit_code(last, output)
    return exit_code(last, output) or (0 if answered else 2)


def chosen_pictures(arguments: argparse.Namespace, output: Output) -> list[str]:
    """The pictures that are named, or those of a class of the run (--of). Raises ProblemError where there are none, or where
    one of the options would be passed over (options)."""
    if arguments.of and arguments.paths:
        text = Text("Name pictures, or choose those of a class with --of, not both.",
                    "Indique imágenes o elija las de una clase con --of, no ambas cosas.")
        raise ProblemError(error("options", text, "run", field="of"))
    if arguments.split and not arguments.of:
        text = Text("--split chooses among the pictures of a class: add --of CLASS.",
                    "--split elige entre las imágenes de una clase: añada --of CLASE.")
        raise ProblemError(error("options", text, "run", field="split"))
    if arguments.of:
        return run_pictures(serving_job(arguments.model, arguments.run), arguments.split or "", arguments.of)
    paths, left_out = pictures_of(map(str, arguments.paths), arguments.follow_links, arguments.ignore)
    output.problems(left_out, as_lines=False)
    if not paths:
        text = Text("There are no pictures. Name pictures or folders, or choose those of a class with --of.",
                    "No hay imágenes. Indique imágenes o carpetas, o elija las de una clase con --of.")
        raise ProblemError(error("no_pictures", text, "file"))
    return paths


def method_params(method: str, assignments: Sequence[str]) -> dict[str, Any]:
    """The parameters of a method from NAME=VALUE. Raises ProblemError (not_key_value, unknown_setting, value)."""
    params = EXPLANATIONS[method].params
    result: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        param = find_param(params, name.strip())
        if not equals or param is None:
            text = Text("{word} is no setting of {method}. It has: {all}.",
                        "{word} no es un ajuste de {method}. Tiene: {all}.")
            names = ", ".join(f"{item.name}={item.default}" for item in params) or "-"
            raise ProblemError(error("unknown_setting", text.fill(word=assignment, method=method, all=names), "run",
                                     field=assignment))
        result[param.name] = _parsed(param, value.strip())
    return result


def _parsed(param: Param, text: str) -> Any:
    try:
        value = param.parse(text)
    except ValueError:
        value = text
    wrong = param.error_text(value)
    if wrong is not None:
        raise ProblemError(error("value", Text("{name}: {reason}", "{name}: {reason}").fill(name=param.name, reason=wrong),
                                 "run", field=param.name))
    return value


def _line(event: Explained) -> dict[str, Any]:
    if event.problem is not None:
        return {"path": event.path, "method": event.method,
                "problem": {"code": event.problem.code, "text": str(event.problem.text)}}
    line = {"path": event.path, "method": event.method, "layer": event.layer, "class": event.class_name,
            "predicted": event.predicted, "probability": round(event.probability, DECIMALS),
            "score": round(event.score, DECIMALS), "file": event.file, "map": event.map_file}
    if event.note is not None:
        line["note"] = str(event.note)
    if event.checks is not None:
        checks = msgspec.to_builtins(event.checks)
        line["checks"] = checks | {"verdict": str(event.checks.verdict), "passed": event.checks.passed}
    return line


def _text(event: Explained) -> str:
    if event.problem is not None:
        return on_one_line(f"{event.path}: {event.problem.text}")
    text = f"{event.path}: {event.class_name} {format_number(event.probability, '.2%')} → {event.file}"
    if event.note is not None:
        text += f". {event.note}"
    if event.checks is None:
        return on_one_line(text)
    checks = event.checks
    figures = tr("likeness with shuffled weights {similarity:.2f}; insertion {insertion:.2f} (elsewhere {chance:.2f}), "
                 "deletion {deletion:.2f} (elsewhere {other:.2f})",
                 "parecido con pesos mezclados {similarity:.2f}; inserción {insertion:.2f} (en otra parte {chance:.2f}), "
                 "borrado {deletion:.2f} (en otra parte {other:.2f})", similarity=checks.similarity,
                 insertion=checks.insertion, chance=checks.chance_insertion, deletion=checks.deletion,
                 other=checks.chance_deletion)
    return f"{on_one_line(text)}\n  {figures}\n  {'' if checks.passed else '! '}{checks.verdict}"
