"""Export to a program of torch.export (.pt2). The writing process runs Keras on PyTorch."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.engine.exporting import metadata
from cnnstudio.engine.exporting.request import Request
from cnnstudio.engine.model_card import CARD


def write_torch_export(request: Request) -> None:
    """One `.pt2` file for any batch size: pixels (n, height, width, channels) from 0 to 255 -> probabilities."""
    import torch

    request.path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cnnstudio-export-") as folder:
        plain = Path(folder) / "model.pt2"
        try:
            request.loaded.model.export(str(plain), format="torch", verbose=False,
                                        dynamic_shapes={0: torch.export.Dim("batch", min=1, max=4096)})
        except (RuntimeError, ValueError, TypeError, AttributeError, torch._dynamo.exc.TorchDynamoException) as err:
            text = Text("torch.export cannot trace this network. Choose “PyTorch source”, or another format; the report says "
                        "which part.",
                        "torch.export no puede trazar esta red. Elija «Código de PyTorch» u otro formato; el informe dice qué "
                        "parte.")
            raise ProblemError(error("not_convertible", text, "project", field="format", details=str(err))) from err
        program = torch.export.load(str(plain))
        torch.export.save(program, str(request.path), extra_files={CARD: metadata.encode(request.loaded.card)})


def is_our_program(path: Path) -> bool:
    """Whether a file is a program of torch.export that this program wrote. It is looked at as the archive that it is, and not
    loaded."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.rpartition("/")[2] == CARD for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False
