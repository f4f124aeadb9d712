"""The command that prints a project's network as source."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.torch_form import NOT_IN_TORCH
from cnnstudio.cli.output import Output
from cnnstudio.core.atomic import write_atomically, write_problem
from cnnstudio.core.files import read_project
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.text import tr
from cnnstudio.datasets.index import open_index
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.interchange.printing.keras.script import keras_script
from cnnstudio.interchange.printing.torch.script import torch_code, torch_problems, torch_script
from cnnstudio.workers.runs import find_run


def code(arguments: argparse.Namespace, output: Output) -> int:
    """Print the network, or with --whole the whole training, in Keras or PyTorch; or write it into a file.

    Of the current project, or with --run of the project of that training.
    """
    project, classes, training = project_of(arguments)
    context = context_of(project, max(2, classes), ProjectBases(arguments.project))
    if arguments.framework == "torch":
        text = (torch_script(project, context, training) if arguments.whole else
                torch_code(project.network, context))
        missing = torch_problems(project, context, arguments.whole)
        output.problems((problem for problem in missing if problem.code == NOT_IN_TORCH), as_lines=False)
    else:
        text = (keras_script(project, context, training) if arguments.whole else
                keras_code(project.network, context))
    target: Path | None = arguments.to
    if target is None:
        output.line({"framework": arguments.framework, "code": text}, text.rstrip("\n"))
        return 0
    try:
        write_atomically(target, text.encode())
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, target)) from os_error
    output.line({"framework": arguments.framework, "path": str(target)},
                tr("Written to {path}.", "Escrito en {path}.", path=target))
    return 0


def project_of(arguments: argparse.Namespace) -> tuple[Project, int, int]:
    """The project, or with --run that of the training; its numbers of classes and of training pictures."""
    if arguments.run is not None:
        return _project_of_run(arguments.project, arguments.run)
    return _current_project(arguments.project)


def _current_project(folder: Path) -> tuple[Project, int, int]:
    """The project, its numbers of classes and of training pictures."""
    project = read_project(folder)
    index = open_index(folder)
    try:
        classes = index.class_names(project.dataset)
        return project, len(classes), index.split_counts(classes).get("train", 0)
    finally:
        index.close()


def _project_of_run(folder: Path, identifier: str) -> tuple[Project, int, int]:
    run = find_run(folder, identifier)
    manifest = read_manifest(run.manifest_path)
    return run.spec(), len(manifest.header.class_names), sum(entry.split == "train" for entry in manifest.entries)
