"""The ConvertTorch job: PyTorch source and a state dictionary become a `.keras` model."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from cnnstudio.catalog.context import Context
from cnnstudio.core.atomic import atomic_path
from cnnstudio.core.conversion_jobs import ConvertTorch, WeightsCarried
from cnnstudio.core.events import Event, Finished
from cnnstudio.core.foreign_files import open_regular
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.engine.building import build
from cnnstudio.engine.progress import phase
from cnnstudio.interchange.script.reader import read_script
from cnnstudio.interchange.torch_source.weights import carry_weights
from cnnstudio.workers.link import Link

_LARGEST: Final = 8 << 30
_LISTED: Final = 50
_DAMAGED: Final = (RuntimeError, ValueError, EOFError, LookupError, TypeError, AttributeError, ImportError, MemoryError,
                   pickle.UnpicklingError, zipfile.BadZipFile)
"""What a damaged archive makes the libraries raise."""
_HOLDERS: Final = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "params")
"""Names under which training scripts keep the state of a network beside other things."""


def convert(job: ConvertTorch, link: Link) -> Event:
    """Do the job; raises ProblemError."""
    phase(link, "loading")
    script = read_script(Path(job.source))
    source = script.network
    assert source.shape is not None
    height, width, channels = source.shape
    context = Context(height=height, width=width, channels=channels, class_count=2,
                      normalization=source.normalization or "none")
    state = read_state(Path(job.weights))
    built = build(source.network, context, weights=False, headless=True)
    layers = {name: layer for name, layer in built.layers.items() if layer.weights}
    shapes = {name: [tuple(weight.shape) for weight in layer.weights] for name, layer in layers.items()}
    carried = carry_weights(source.network, context, source.origins, state, shapes)
    if not carried.arrays:
        text = Text("None of the {n} entries of {path} fits a layer of {source}: their names or shapes differ.",
                    "Ninguna de las {n} entradas de {path} encaja en una capa de {source}: los nombres o las formas difieren.")
        raise ProblemError(error("weights_unfit", text.fill(n=len(state), path=Path(job.weights).name,
                                                           source=Path(job.source).name), "network", path=job.weights))
    for name, arrays in carried.arrays.items():
        layers[name].set_weights(arrays)
    target = Path(job.target)
    with atomic_path(target) as temporary:
        # Keras knows the format by the name.
        whole = temporary.with_name(f"{temporary.name}.keras")
        keras.saving.save_model(built.model, whole)
        whole.replace(temporary)
    link.emit(WeightsCarried(
        layers=len(layers), carried=len(carried.arrays), parameters=built.model.count_params(),
        missing=carried.missing[:_LISTED], missing_count=len(carried.missing), unused=carried.unused[:_LISTED],
        unused_count=len(carried.unused)))
    return Finished()


def read_state(path: Path) -> Mapping[str, np.ndarray]:
    """The arrays of a state dictionary by their names. Raises ProblemError."""
    try:
        with open_regular(path, _LARGEST):
            pass
        raw = _read_safetensors(path) if path.suffix.lower() == ".safetensors" else _read_torch(path)
    except OSError as os_error:
        text = Text("{path} cannot be read ({reason}).", "No se puede leer {path} ({reason}).")
        raise ProblemError(error("weights_unreadable", text.fill(path=path.name, reason=reason_of(os_error)), "network",
                                 path=path)) from os_error
    state = dict(_arrays(raw))
    if not state:
        raise ProblemError(_no_state(path))
    return state


def _read_torch(path: Path) -> Any:
    try:
        import torch
    except ImportError as import_error:
        text = Text("Reading {path} needs PyTorch, which is not installed (pip install torch). A .safetensors file does not.",
                    "Leer {path} requiere PyTorch, que no está instalado (pip install torch). Un archivo .safetensors no lo "
                    "requiere.")
        raise ProblemError(error("needs_torch", text.fill(path=path.name), "machine", path=path)) from import_error
    try:
        # Only tensors and plain containers: a pickle with anything else is refused.
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except _DAMAGED as torch_error:
        raise ProblemError(_no_state(path)) from torch_error


def _read_safetensors(path: Path) -> Any:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError as import_error:
        text = Text("Reading {path} needs the library safetensors (pip install safetensors).",
                    "Leer {path} requiere la biblioteca safetensors (pip install safetensors).")
        raise ProblemError(error("needs_safetensors", text.fill(path=path.name), "machine", path=path)) from import_error
    try:
        return load_file(path)
    except OSError:
        raise
    except (*_DAMAGED, SafetensorError) as file_error:
        raise ProblemError(_no_state(path)) from file_error


def _arrays(value: Any) -> Iterator[tuple[str, np.ndarray]]:
    """The tensors of a state, or of the state within a checkpoint."""
    if not isinstance(value, Mapping):
        return
    held = next((value[name] for name in _HOLDERS if isinstance(value.get(name), Mapping)), None)
    if held is not None and not any(_is_tensor(item) for item in value.values()):
        yield from _arrays(held)
        return
    for name, item in value.items():
        if isinstance(item, np.ndarray):
            yield str(name), item
        elif _is_tensor(item):
            yield str(name), item.detach().float().numpy() if item.is_floating_point() else item.numpy()


def _is_tensor(value: Any) -> bool:
    return isinstance(value, np.ndarray) or (hasattr(value, "is_floating_point") and hasattr(value, "detach"))


def _no_state(path: Path) -> Any:
    text = Text("{path} holds no weights that can be read safely: it is damaged, or a whole model was saved instead of its "
                "state. Save them with torch.save(net.state_dict(), …).",
                "{path} no contiene pesos que se puedan leer con seguridad: está dañado, o se guardó el modelo entero en lugar "
                "de su estado. Guárdelos con torch.save(net.state_dict(), …).")
    return error("no_state", text.fill(path=path.name), "network", path=path)
