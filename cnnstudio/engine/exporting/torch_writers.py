"""Export to PyTorch: source with weights, read again and compared with the trained model."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cnnstudio.catalog.context import context_of
from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine.bytecode import no_bytecode
from cnnstudio.engine.exporting.reopened import Reopened, with_recipe
from cnnstudio.engine.exporting.request import Request
from cnnstudio.engine.model_card import Card
from cnnstudio.engine.weight_transfer import save_state, torch_state
from cnnstudio.interchange.own_base.resolver import ProjectBases, require_own_bases
from cnnstudio.interchange.printing.torch.module import torch_model
from cnnstudio.interchange.printing.torch.script import torch_code

SOURCE, WEIGHTS, RECIPE = "network.py", "weights.npz", "recipe.json"


def write_source(request: Request) -> None:
    """Network, weights and recipe with the classes; raises ProblemError for layers that are not in PyTorch."""
    loaded, folder = request.loaded, request.path
    bases = ProjectBases(request.run.project_folder)
    project = request.run.spec()
    require_own_bases(project.network, bases)
    context = context_of(project, len(loaded.card.class_names), bases)
    printed = torch_model(project.network, context)
    if printed.missing:
        raise ProblemError(*printed.missing)
    folder.mkdir(parents=True)
    (folder / SOURCE).write_text(torch_code(project.network, context), encoding="utf-8")
    save_state(torch_state(loaded.model, printed), folder / WEIGHTS)
    write_recipe(loaded.card, folder, request.unchecked)


def write_recipe(card: Card, folder: Path, unchecked: bool = False) -> None:
    """Write the recipe, the classes and the calibration beside the source."""
    described: dict[str, Any] = {"recipe": card.recipe.as_dictionary(), "class_names": list(card.class_names),
                 "label_mode": card.label_mode} | ({"unchecked": True} if unchecked else {})
    if card.calibration is not None:
        described["calibration"] = msgspec.to_builtins(card.calibration)
    (folder / RECIPE).write_bytes(msgspec.json.format(msgspec.json.encode(described), indent=2))


def read_recipe(folder: Path) -> Card:
    """What stands beside the source, as the card of a model. Raises OSError and ValueError where that is damaged."""
    described = decode_json(read_bytes(folder / RECIPE, SMALL))
    return msgspec.convert(described, Card)


def open_source(folder: Path) -> Reopened:
    """The written network with its weights."""
    import torch

    module = written_module(folder)
    network = module.Network()
    module.load_weights(network, folder / WEIGHTS)
    network.eval()

    def predict(batch: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return np.asarray(network(torch.from_numpy(np.ascontiguousarray(batch.transpose(0, 3, 1, 2)))).numpy())

    return with_recipe(predict, read_recipe(folder), f"PyTorch {torch.__version__}")


def written_module(folder: Path) -> Any:
    """Import the source in the folder; it is our own text, written just before."""
    spec = importlib.util.spec_from_file_location("cnnstudio_exported_network", folder / SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with no_bytecode():
        spec.loader.exec_module(module)
    return module
