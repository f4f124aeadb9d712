"""Opens a network file of any supported format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.interchange.foreign import ForeignNetwork
from cnnstudio.interchange.keras_file.model import SUFFIXES as KERAS_SUFFIXES
from cnnstudio.interchange.keras_file.model import read_keras
from cnnstudio.interchange.onnx import read_onnx
from cnnstudio.interchange.source_code import read_file

SOURCE_SUFFIXES: Final = (".py", ".ipynb")
SUFFIXES: Final = (*KERAS_SUFFIXES, ".onnx", *SOURCE_SUFFIXES)


def read_network(path: Path, with_scaling: bool = False, check: Callable[[], None] = lambda: None,
                 size: tuple[int, int] | None = None) -> ForeignNetwork:
    """The network in a `.keras`, `.h5`, JSON or ONNX file, in Python source or in a notebook; a scaling behind its input
    stays a layer `with_scaling`. `size` is the (height, width) of the project's pictures, for PyTorch code that tells none.

    `check` is called now and then while a large file is read; what it raises ends the reading. Raises ProblemError.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        text = Text("{path} is not a network that can be opened: choose a .keras or .h5 file, Keras's JSON, an ONNX "
                    "model, or Python source or a notebook with Keras or PyTorch code.",
                    "{path} no es una red que se pueda abrir: elija un archivo .keras o .h5, el JSON de Keras, un "
                    "modelo ONNX, o código Python o un cuaderno con código de Keras o de PyTorch.")
        raise ProblemError(error("unknown_network_file", text.fill(path=path.name), "network", path=path))
    if suffix == ".onnx":
        return read_onnx(path, with_scaling, check)
    if suffix in SOURCE_SUFFIXES:
        return read_file(path, size)
    return read_keras(path, with_scaling)
