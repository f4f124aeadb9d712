"""The code of what a task was about, as the program prints it everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from cnnstudio.catalog.context import Context, context_of
from cnnstudio.core.class_balance import shown_pictures
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import open_index
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.interchange.printing.recipe import recipe_code
from cnnstudio.interchange.printing.torch.script import torch_code
from cnnstudio.workers.printed_scripts import script_text


class CodeKind(NamedTuple):
    """What is printed: its title, and the printer of (project, context, training pictures of an epoch)."""

    title: Text
    source: Callable[[Project, Context, int], str]


CODES: Final = {
    "network": CodeKind(Text("The network in Keras", "La red en Keras"),
                        lambda project, context, _pictures: keras_code(project.network, context)),
    "torch": CodeKind(Text("The network in PyTorch", "La red en PyTorch"),
                      lambda project, context, _pictures: torch_code(project.network, context)),
    "recipe": CodeKind(Text("The preparation in OpenCV", "La preparación en OpenCV"),
                       lambda project, _context, _pictures:
                       f"import cv2\nimport numpy as np\n\n\n{recipe_code(project.recipe)}\n"),
    "script": CodeKind(Text("The training in Keras", "El entrenamiento en Keras"),
                       lambda project, context, pictures: script_text("keras", project, context, pictures)),
}


def task_code(kind: str, folder: Path, project: Project) -> str:
    """The code of that kind for the project in `folder`. Raises ProblemError where the project has errors."""
    index = open_index(folder)
    try:
        classes = index.class_names(project.dataset)
        pictures = shown_pictures(index.counts(), classes, project.training.oversampling)
    finally:
        index.close()
    return CODES[kind].source(project, context_of(project, max(2, len(classes)), ProjectBases(folder)), pictures)
