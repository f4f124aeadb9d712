"""Whether a run can be exported in a format here, and why not: known before anything is written."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.exporters.bundles import BUNDLE_ENGINES
from cnnstudio.catalog.exporters.entry import ExampleFacts, Exporter
from cnnstudio.catalog.exporters.graph_recipes import recipe_problems
from cnnstudio.core.libraries import install_fix, install_hint, is_available
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import read_header
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.interchange.printing.recipe import recipe_code
from cnnstudio.interchange.printing.torch.module import torch_model
from cnnstudio.interchange.printing.torch.script import torch_problems
from cnnstudio.workers.runs.folder import RunFolder


def unsupported_problems(entry: Exporter, run: RunFolder, engine: str = "") -> tuple[Problem, ...]:
    """Why this run cannot be exported in that format here: libraries that are missing, and layers that the format has no form
    for. Raises ProblemError where the run cannot be read."""
    recipe = recipe_problems(run.spec().recipe) if entry.prepares_pictures else ()
    return (*entry.missing_libraries(), *engine_problems(entry, engine), *layer_problems(entry, run), *recipe)


def engine_problems(entry: Exporter, engine: str) -> tuple[Problem, ...]:
    """What the engine of a bundle still needs here."""
    chosen = BUNDLE_ENGINES.find(engine) if entry.engines else None
    if chosen is None:
        return ()
    text = Text("A bundle for {label} is written and checked with {name}, which is not installed. {install}",
                "Un paquete para {label} se escribe y comprueba con {name}, que no está instalada. {install}")
    return tuple(error(f"{library.module}_missing", text.fill(label=chosen.label, name=library.name,
                                                              install=install_hint(library)),
                       "project", field="engine", fixes=(install_fix(library),))
                 for library in chosen.libraries if not is_available(library))


def layer_problems(entry: Exporter, run: RunFolder) -> tuple[Problem, ...]:
    """The layers of the run's network that have no form in the source code of the format."""
    if entry.framework != "torch":
        return ()
    project = run.spec()
    context = context_of(project, max(2, len(read_header(run.manifest_path).class_names)), ProjectBases(run.project_folder))
    try:
        problems = (torch_problems(project, context, True) if entry.is_document
                    else torch_model(project.network, context).missing)
    except ProblemError as problem_error:
        return problem_error.problems
    return tuple(problem for problem in problems if problem.blocks or not entry.is_document)


def example_facts(run: RunFolder, path: Path) -> ExampleFacts:
    """What the examples of an export of this run need. Raises ProblemError where the run cannot be read."""
    recipe = run.spec().recipe
    return ExampleFacts(path=str(path), recipe=recipe, class_names=read_header(run.manifest_path).class_names,
                        prepare=recipe_code(recipe))


def example_sources(run: RunFolder, format: str, path: Path) -> list[tuple[str, Text, str]]:
    """(id, label, text) of the examples of an export at that path."""
    facts = example_facts(run, path)
    return [(example.id, example.label, example.source(facts)) for example in EXPORTERS[format].examples]
