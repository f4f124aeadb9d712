"""The command that prints a project's network as source."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.torch_form import NOT_IN_TORCH
from cnnstudio.cli.output import Output
from cnnstudio.cli.targets import WRITTEN_CODE, check_target
from cnnstudio.core.atomic import write_atomically, write_problem
from cnnstudio.core.class_balance import shown_pictures
from cnnstudio.core.files import read_project
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.index import open_index
from cnnstudio.datasets.manifest import write_index_manifest
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.interchange.printing.script_files import CODE_MARK
from cnnstudio.interchange.printing.torch.script import torch_code, torch_problems
from cnnstudio.workers.printed_scripts import (
    ScriptSource,
    code_problems,
    file_names,
    run_source,
    script_text,
    write_script,
)
from cnnstudio.workers.runs.folder import find_run


def code(arguments: argparse.Namespace, output: Output) -> int:
    """Print the network, or with --whole the whole training, in Keras or PyTorch; or write it into a file, a training
    together with the files that it reads.

    Of the current project, or with --run of the project of that training. Raises ProblemError where the project has
    errors: code that Keras or PyTorch refuses, or that trains something else, is no use.
    """
    target: Path | None = arguments.to
    if target is not None:
        _check_name(target)
        check_target(target, arguments.force, WRITTEN_CODE)
    source = _source(arguments)
    project, framework = source.project, arguments.framework
    bases = ProjectBases(arguments.project)
    refused = [problem for problem in code_problems(project, source.classes, source.counts, bases, arguments.whole)
               if problem.blocks]
    if refused:
        raise ProblemError(*refused)
    context = context_of(project, max(2, len(source.classes)), bases)
    if framework == "torch":
        missing = torch_problems(project, context, arguments.whole)
        output.problems((problem for problem in missing if problem.code == NOT_IN_TORCH), as_lines=False)
    if arguments.whole and target is not None:
        written = write_script(target, framework, project, context, source.training, source.write_list)
        output.problems(written.problems, as_lines=False)
        names = ", ".join(path.name for path in written.files)
        output.line({"framework": framework, "path": str(target), "files": [str(path) for path in written.files]},
                    tr("Written to {path}, with {names} beside it.", "Escrito en {path}, junto con {names}.",
                       path=target, names=names))
        return 1 if written.problems else 0
    if arguments.whole:
        text = script_text(framework, project, context, source.training)
        files = file_names(framework, project, context)
        output.line({"framework": framework, "code": text, "files": files}, text.rstrip("\n"))
        output.print_message(tr("This code reads {names} from its own folder; --to FILE writes them beside it.",
                       "Este código lee {names} de su propia carpeta; --to ARCHIVO los escribe a su "
                       "lado.", names=", ".join(files)))
        return 0
    text = torch_code(project.network, context) if framework == "torch" else keras_code(project.network, context)
    if target is None:
        output.line({"framework": framework, "code": text}, text.rstrip("\n"))
        return 0
    try:
        write_atomically(target, (CODE_MARK + text).encode())
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, target)) from os_error
    output.line({"framework": framework, "path": str(target)},
                tr("Written to {path}.", "Escrito en {path}.", path=target))
    return 0


def _check_name(target: Path) -> None:
    """A script called as a module that it imports would import itself. Raises ProblemError."""
    if target.stem in {*sys.stdlib_module_names, "cv2", "h5py", "keras", "numpy", "tensorflow", "torch"}:
        text = Text("A script called {name} could not import the Python module of that name. Give it another name.",
                    "Un script llamado {name} no podría importar el módulo de Python con ese nombre. Dele otro nombre.")
        raise ProblemError(error("script_name", text.fill(name=target.name), "file", path=target))


def _source(arguments: argparse.Namespace) -> ScriptSource:
    """The current project, or with --run that of the training."""
    if arguments.run is not None:
        return run_source(find_run(arguments.project, arguments.run))
    return _current_source(arguments.project)


def _current_source(folder: Path) -> ScriptSource:
    project = read_project(folder)
    index = open_index(folder)
    try:
        classes = index.class_names(project.dataset)
        counts = index.counts()
        training = shown_pictures(counts, classes, project.training.oversampling)
    finally:
        index.close()

    def write_list(path: Path) -> None:
        opened = open_index(folder)
        try:
            write_index_manifest(path, opened, source_folder(project, folder), classes, project.dataset.label_mode)
        finally:
            opened.close()

    return ScriptSource(project, tuple(classes), counts, training, write_list)


def project_of(arguments: argparse.Namespace) -> tuple[Project, int, int]:
    """The project, or with --run that of the training; its numbers of classes and of training pictures."""
    source = _source(arguments)
    return source.project, len(source.classes), source.training
