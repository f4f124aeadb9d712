"""Printed training scripts as files, complete where they are written: with the list of the pictures and the weights that
they read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from cnnstudio.catalog.bases.resolver import BaseResolver
from cnnstudio.catalog.context import Context
from cnnstudio.core.atomic import atomic_path, write_atomically
from cnnstudio.core.class_balance import drawn_counts
from cnnstudio.core.dataset import SPLIT_NAMES
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.renamed_classes import rename_in_project
from cnnstudio.datasets.manifest import read_manifest, write_manifest
from cnnstudio.interchange.base_weights import base_arrays
from cnnstudio.interchange.printing.keras.base_weights import reads_file
from cnnstudio.interchange.printing.keras.script import keras_script
from cnnstudio.interchange.printing.script_files import CODE_MARK, script_files, weighted_bases
from cnnstudio.interchange.printing.settings_comment import with_settings_comment
from cnnstudio.interchange.printing.torch.script import torch_script
from cnnstudio.interchange.printing.torch.weights import base_state
from cnnstudio.network.checks import Counts, check_network, check_project, check_values
from cnnstudio.workers.runs.folder import RunFolder

Framework = Literal["keras", "torch"]


class WrittenScript(msgspec.Struct, frozen=True):
    """The files beside a script, and the problems of weights that could not be written."""

    files: tuple[Path, ...]
    problems: tuple[Problem, ...]


class ScriptSource(msgspec.Struct, frozen=True):
    """What is printed: a project, its classes, the pictures of each by split, the number of pictures that an epoch shows, and
    the writer of their list."""

    project: Project
    classes: tuple[str, ...]
    counts: Counts
    training: int
    write_list: Callable[[Path], object]


def run_source(run: RunFolder) -> ScriptSource:
    """The project and the pictures of a run. Raises ProblemError where they cannot be read."""
    manifest = read_manifest(run.manifest_path)
    classes = manifest.header.class_names
    project = rename_in_project(run.spec(), read_manifest(run.manifest_path, as_trained=True).header.class_names, classes)
    counts = {name: dict.fromkeys(SPLIT_NAMES, 0) for name in classes}
    for entry in manifest.entries:
        if entry.label >= 0:
            counts[classes[entry.label]][entry.split] += 1
    training = sum(drawn_counts([counts[name]["train"] for name in classes], project.training.oversampling))
    return ScriptSource(project, classes, counts, training,
                        lambda path: write_manifest(path, manifest.header, manifest.entries))


def code_problems(project: Project, classes: Sequence[str], counts: Counts, bases: BaseResolver, whole: bool
                  ) -> tuple[Problem, ...]:
    """What `check` says of what is printed: with `whole` of all, else of the network alone.

    Weights that are not on this computer are left out: code without them is right, and a script that is written names them.
    """
    problems = check_project(project, classes, counts, bases) if whole else check_network(project, len(classes), bases)
    return tuple(problem for problem in problems if problem.code != "weights_missing")


def script_text(framework: Framework, project: Project, context: Context, pictures: int, stem: str = "") -> str:
    """The training script of the project; `pictures` is the number of its training pictures. Raises ProblemError where a
    value of the project is out of its range."""
    wrong = check_values(project, context.bases)
    if wrong:
        raise ProblemError(*wrong)
    script = torch_script if framework == "torch" else keras_script
    return with_settings_comment(script(project, context, pictures, stem), project)


def file_names(framework: Framework, project: Project, context: Context, stem: str = "") -> list[str]:
    """The files that a script called `stem`.py reads, the list of the pictures first."""
    files = script_files(project, context, stem)
    return [files.pictures, *(files.weights[node] for node, base, values in weighted_bases(project.network, context)
                              if framework == "torch" or reads_file(base, values))]


def write_script(target: Path, framework: Framework, project: Project, context: Context, pictures: int,
                 write_list: Callable[[Path], object]) -> WrittenScript:
    """Write the script, the list of the pictures by `write_list(path)`, and the weights of its bases. Raises ProblemError
    where a file cannot be written; weights that are not on this computer are among the problems of the result."""
    names = script_files(project, context, target.stem)
    listed = target.with_name(names.pictures)
    write_list(listed)
    files = [listed]
    problems: list[Problem] = []
    for node, base, values in weighted_bases(project.network, context):
        if framework == "keras" and not reads_file(base, values):
            continue
        try:
            arrays: Mapping[str, np.ndarray] = (
                base_state(project.network, context, node, base, values) if framework == "torch" else {
                    f"{layer}/{number}": array
                    for layer, weights in base_arrays(base, values, context.height, context.width).items()
                    for number, array in enumerate(weights)})
        except ProblemError as problem_error:
            problems += problem_error.problems
            continue
        files.append(target.with_name(names.weights[node]))
        with atomic_path(files[-1]) as temporary, temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
    text = script_text(framework, project, context, pictures, target.stem)
    write_atomically(target, (CODE_MARK + text).encode())
    return WrittenScript(tuple(files), tuple(problems))
