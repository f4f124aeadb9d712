"""`cnnstudio network`: replace a project's network by that of a file."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.context import context_of
from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.cli.projects import locked_project
from cnnstudio.core.conversion_jobs import ConvertTorch, WeightsCarried
from cnnstudio.core.events import Event
from cnnstudio.core.files import read_project, write_project
from cnnstudio.core.problems import ProblemError, error, warning
from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.datasets.index import open_index
from cnnstudio.interchange.foreign import notes_problem, recipe_notice, unknown_problem, with_foreign_network
from cnnstudio.interchange.open import SOURCE_SUFFIXES, read_network
from cnnstudio.interchange.own_base.project_copy import copy_into_project
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.network.new_project import with_base
from cnnstudio.network.shapes import report
from cnnstudio.workers.own_bases import model_of


def network(arguments: argparse.Namespace, output: Output) -> int:
    """Import the network of a Keras or ONNX file, of Keras or PyTorch source or of a notebook into the project, or start
    from a base; exit code 2 if it is none."""
    if arguments.base:
        return start_from_base(arguments, output)
    if arguments.weights is not None:
        text = Text("--weights belongs to --base: a network that is imported starts untrained.",
                    "--weights corresponde a --base: una red importada empieza sin entrenar.")
        raise ProblemError(error("weights_without_code", text, "network"))
    folder: Path = arguments.project
    recipe = read_project(folder).recipe
    foreign = read_network(arguments.source, size=(recipe.height, recipe.width))
    with locked_project(folder) as project:
        index = open_index(folder)
        try:
            classes = len(index.class_names(project.dataset))
        finally:
            index.close()
        context = context_of(project, max(classes, 2), ProjectBases(folder))
        changed = with_foreign_network(project, foreign, context)
        write_project(folder, changed)
    network_report = report(changed.network, context_of(changed, max(classes, 2), ProjectBases(folder)))
    problems = (unknown_problem(foreign, arguments.source), notes_problem(foreign),
                recipe_notice(project.recipe, changed.recipe, foreign))
    output.problems([problem for problem in problems if problem is not None], as_lines=False)
    output.line({"event": "network", "layers": len(changed.network.nodes), "parameters": network_report.parameters,
                 "unknown": list(foreign.unknown), "problems": len(network_report.problems)},
                tr("layers {n}, parameters {parameters}, unknown layers {unknown}",
                   "capas {n}, parámetros {parameters}, capas desconocidas {unknown}", n=len(changed.network.nodes),
                   parameters=format_number(network_report.parameters, ","), unknown=len(foreign.unknown)))
    return 0


def start_from_base(arguments: argparse.Namespace, output: Output) -> int:
    """A pretrained base, or a user's model without its classifier, with a head for the classes."""
    folder: Path = arguments.project
    if arguments.weights is None:
        return _start_from(arguments, output, None)
    if Path(arguments.base).suffix.lower() not in SOURCE_SUFFIXES:
        text = Text("--weights belongs to PyTorch code: --base net.py --weights net.pth.",
                    "--weights corresponde a código de PyTorch: --base net.py --weights net.pth.")
        raise ProblemError(error("weights_without_code", text, "network"))
    read_project(folder)
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "model.keras"
        code = _convert(Path(arguments.base), arguments.weights, model, output)
        return code or _start_from(arguments, output, (model, Path(arguments.base).stem))


def _convert(source: Path, weights: Path, target: Path, output: Output) -> int:
    """The network of PyTorch code with its weights as a model; what was carried is told."""
    def handle(event: Event) -> None:
        report_progress(event, output)
        if isinstance(event, WeightsCarried):
            output.line({"event": "weights", "layers": event.layers, "carried": event.carried,
                         "missing": list(event.missing), "missing_count": event.missing_count, "unused": list(event.unused),
                         "unused_count": event.unused_count},
                        tr("weights of {path}: layers {carried} of {layers}; layers without: {missing}; unused names: {unused}",
                           "pesos de {path}: capas {carried} de {layers}; capas sin ellos: {missing}; nombres sin usar: "
                           "{unused}", path=weights.name, carried=event.carried, layers=event.layers,
                           missing=_named(event.missing, event.missing_count), unused=_named(event.unused, event.unused_count)))

    job = ConvertTorch(source=str(source.absolute()), weights=str(weights.absolute()), target=str(target))
    return exit_code(run_job(job, output, handle), output)


def _named(names: tuple[str, ...], count: int) -> str:
    more = ", …" if count > 8 else ""
    return f"{count} ({', '.join(names[:8])}{more})" if count else "0"


def _start_from(arguments: argparse.Namespace, output: Output, found: tuple[Path, str] | None) -> int:
    folder: Path = arguments.project
    with locked_project(folder) as project:
        base = BASES.find(arguments.base)
        if base is None:
            model, name = found if found is not None else model_of(Path(arguments.base))
            base = ProjectBases(folder).require_own(copy_into_project(model, folder, name))
        write_project(folder, with_base(project, base))
    height, width = base.size
    notes = base.own.notes if base.own is not None else ()
    output.problems([warning("own_base", note, "network") for note in notes], as_lines=False)
    output.line({"event": "base", "base": base.id, "parameters": base.parameters, "height": height, "width": width,
                 "channels": base.channels, "scaling": base.scaling, "ends_at": base.ends, "trainable_from": base.lines},
                tr("{base}: {n} parameters, pictures of {height} × {width} × {channels}, scaling: {scaling}\nends at "
                   "(network.base.ends_at), possible values: {ends}\nlearns from (network.base.trainable_from), possible "
                   "values: {blocks}",
                   "{base}: {n} parámetros, imágenes de {height} × {width} × {channels}, escalado: {scaling}\ntermina en "
                   "(network.base.ends_at), valores posibles: {ends}\naprende desde (network.base.trainable_from), valores "
                   "posibles: {blocks}",
                   base=base.id.partition(":")[0], n=format_number(base.parameters, ","), height=height, width=width,
                   channels=base.channels, scaling=base.scaling, ends=", ".join(base.ends), blocks=", ".join(base.lines)))
    return 0
