"""The run as PyTorch source with its weights, read again and compared with the trained model."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.pixels import prepare_file
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.engine import models
from cnnstudio.engine.transferring import save_state, torch_state
from cnnstudio.interchange.own_base.resolver import ProjectBases, require_own_bases
from cnnstudio.interchange.printing.torch.module import torch_model
from cnnstudio.interchange.printing.torch.script import torch_code
from cnnstudio.workers.runs import RunFolder

SOURCE, WEIGHTS, RECIPE = "network.py", "weights.npz", "recipe.json"


def write(loaded: models.Loaded, run: RunFolder, folder: Path) -> None:
    """Network, weights and recipe with the classes; raises ProblemError where PyTorch is not installed."""
    if importlib.util.find_spec("torch") is None:
        text = Text("The PyTorch export is read again and compared before it is kept, and PyTorch is not installed here: "
                    "pip install torch. The source alone needs nothing: cnnstudio code --framework torch.",
                    "La exportación a PyTorch se relee y se compara antes de conservarla, y PyTorch no está instalado: "
                    "pip install torch. El código solo no necesita nada: cnnstudio code --framework torch.")
        raise ProblemError(error("torch_missing", text, "project", field="format"))
    bases = ProjectBases(run.project_folder)
    project = run.spec()
    require_own_bases(project.network, bases)
    context = context_of(project, len(loaded.card.class_names), bases)
    folder.mkdir(parents=True)
    (folder / SOURCE).write_text(torch_code(project.network, context), encoding="utf-8")
    save_state(torch_state(loaded.model, torch_model(project.network, context)), folder / WEIGHTS)
    write_recipe(loaded.card, folder)


def write_recipe(card: models.Card, folder: Path) -> None:
    """How a file becomes pixels, and the classes, beside the source."""
    described = {"recipe": card.recipe.as_dictionary(), "class_names": list(card.class_names),
                 "label_mode": card.label_mode}
    (folder / RECIPE).write_bytes(msgspec.json.format(msgspec.json.encode(described), indent=2))


def answers(folder: Path, card: models.Card, pictures: list[Path]) -> np.ndarray:
    """(n, classes) by the written network, from the picture files on."""
    import torch

    recipe = card.recipe.as_dictionary()
    pixels = np.stack([prepare_file(picture, recipe) for picture in pictures]).astype(np.float32)
    written = written_module(folder)
    network = written.Network()
    written.load_weights(network, folder / WEIGHTS)
    network.eval()
    parts = []
    with torch.no_grad():
        for begin in range(0, len(pixels), 32):
            batch = np.ascontiguousarray(pixels[begin:begin + 32].transpose(0, 3, 1, 2))
            parts.append(network(torch.from_numpy(batch)).numpy())
    return np.asarray(models.probabilities(np.concatenate(parts), card.label_mode))


def written_module(folder: Path) -> Any:
    """The source in the folder as a module: our own text, written a moment ago."""
    spec = importlib.util.spec_from_file_location("cnnstudio_exported_network", folder / SOURCE)
    assert spec is not None
    assert spec.loader is not None
    written = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(written)
    return written
