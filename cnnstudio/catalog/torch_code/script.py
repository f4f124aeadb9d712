"""The printed PyTorch file: the network, and on demand the pictures and the training."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.torch_code.module import torch_model
from cnnstudio.core.network import NetworkSpec

_LOADING: Final = '''\
def load_weights(model, path):
    """Sets the weights from an .npz file that CNN Studio wrote for this network (arrays by name, nothing pickled)."""
    with np.load(path, allow_pickle=False) as archive:
        model.load_state_dict({name: torch.from_numpy(archive[name]) for name in archive.files})
'''


def imports(code: str, *more: str) -> str:
    """The import lines that the code needs."""
    lines = [*(["from collections import OrderedDict", ""] if "OrderedDict(" in code else []), *more,
             "import numpy as np", "import torch", *(["import torch.nn.functional as F"] if "F." in code else []),
             "from torch import nn"]
    return "\n".join(lines) + "\n"


def torch_code(network: NetworkSpec, context: Context) -> str:
    """A file with the class `Network` and `load_weights(model, path)`."""
    model = torch_model(network, context)
    return "\n\n".join([imports(model.code), model.code, _LOADING])
