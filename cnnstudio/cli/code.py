"""The command that prints a project's network as source."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.keras_code import keras_code
from cnnstudio.catalog.script import keras_script
from cnnstudio.catalog.torch_code.script import torch_code, torch_script
from cnnstudio.cli.output import Output
from cnnstudio.core.files import read_project, write_atomically, write_problem
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import tr
from cnnstudio.datasets.opening import open_index


def code(arguments: argparse.Namespace, output: Output) -> int:
    """Print the network, or with --whole the whole training, in Keras or PyTorch; or write it into a file."""
    folder: Path = arguments.project
    project = read_project(folder)
    index = open_index(folder)
    try:
        classes = index.class_names(project.dataset)
        training = index.split_counts(classes).get("train", 0)
    finally:
        index.close()
    context = context_of(project, max(2, len(classes)))
    if arguments.framework == "torch":
        text = torch_script(project, context.class_count) if arguments.whole else torch_code(project.network, context)
    else:
        text = (keras_script(project, context.class_count, training) if arguments.whole else
                keras_code(project.network, context))
    target: Path | None = arguments.to
    if target is None:
        output.line({"framework": arguments.framework, "code": text}, text.rstrip("\n"))
        return 0
    try:
        write_atomically(target, text.encode())
    except OSError as trouble:
        raise ProblemError(write_problem(trouble, target)) from trouble
    output.line({"framework": arguments.framework, "path": str(target)},
                tr("Written to {path}.", "Escrito en {path}.", path=target))
    return 0
