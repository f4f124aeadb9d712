"""Files of other runtimes that the program answers with: which format they are, and what opens them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.exporters.entry import Exporter
from cnnstudio.catalog.exporters.libraries import LITERT, ONNX_RUNTIME, OPENVINO
from cnnstudio.core.libraries import Library


class ModelFile(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of file that answers pictures: its suffix, and the libraries that open it."""

    suffix: str
    libraries: tuple[Library, ...]


MODEL_FILES: Final[dict[str, ModelFile]] = {
    "onnx": ModelFile(suffix=".onnx", libraries=(ONNX_RUNTIME,)),
    "litert": ModelFile(suffix=".tflite", libraries=(LITERT,)),
    "openvino": ModelFile(suffix=".xml", libraries=(OPENVINO,)),
}
"""By the id of the export format that writes such files."""
KERAS_SUFFIXES: Final = (".keras", ".h5", ".hdf5")
MODEL_SUFFIXES: Final = (*KERAS_SUFFIXES, *(kind.suffix for kind in MODEL_FILES.values()))
"""The suffixes of all files that can be used as a model."""
MODEL_NAMES: Final = ("model.keras", *(f"model{kind.suffix}" for kind in MODEL_FILES.values()))
"""The names of models in a folder that was exported, the usual one first."""


def exporter_of(path: Path) -> Exporter | None:
    """The format of a file that another runtime than Keras opens; None for every other file."""
    for identifier, kind in MODEL_FILES.items():
        if path.suffix.lower() == kind.suffix:
            return EXPORTERS[identifier]
    return None


def is_model(path: Path) -> bool:
    """Whether a path is a model that can answer: a file by its suffix, or a folder with a model in it."""
    if path.is_dir():
        return any((path / name).is_file() for name in MODEL_NAMES)
    return path.suffix.lower() in MODEL_SUFFIXES
