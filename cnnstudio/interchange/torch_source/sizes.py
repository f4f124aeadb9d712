"""What PyTorch source says of the size of its pictures: the shapes that it passes, its transforms, its data sets."""

from __future__ import annotations

import re
from typing import Any, Final

from cnnstudio.interchange.python_source.values import CallValue
from cnnstudio.interchange.torch_source.interpreter import Interpreter
from cnnstudio.interchange.torch_source.values import Module, TorchLayer

_TAKES: Final = re.compile(r"Takes pixels \(batch, (\d+), (\d+), (\d+)\)")
"""The docstring of a printed network."""
_DATA_SETS: Final = {"MNIST": (28, 28, 1), "FashionMNIST": (28, 28, 1), "KMNIST": (28, 28, 1), "EMNIST": (28, 28, 1),
                     "QMNIST": (28, 28, 1), "USPS": (16, 16, 1), "CIFAR10": (32, 32, 3), "CIFAR100": (32, 32, 3),
                     "SVHN": (32, 32, 3), "STL10": (96, 96, 3)}
_RESIZING: Final = ("Resize", "CenterCrop", "RandomCrop", "RandomResizedCrop")


def hinted_shapes(interpreter: Interpreter, root: Module | TorchLayer) -> list[tuple[int, int, int]]:
    """Shapes (height, width, channels) that the code tells, the surest first."""
    state = interpreter.state
    shapes = _printed(root) + list(state.shapes)
    sizes: list[tuple[int, int]] = []
    grey, known = False, list[tuple[int, int, int]]()
    for call in state.library_calls:
        name = call.path.rpartition(".")[2]
        if name in _RESIZING and call.path.startswith("torchvision"):
            sides = size_of(call.arguments[0] if call.arguments else call.keywords.get("size"))
            sizes += [sides] if sides is not None else []
        grey = grey or name == "Grayscale"
        if name in _DATA_SETS and call.path.startswith("torchvision"):
            known.append(_DATA_SETS[name])
        if name == "summary":
            shapes += _summary(call)
    channels = 1 if grey else known[0][2] if known else 3
    # The last transform of a pipeline decides; data sets are resized where there is one.
    shapes += [(height, width, channels) for height, width in reversed(sizes)]
    return list(dict.fromkeys([*shapes, *known]))


def size_of(value: Any) -> tuple[int, int] | None:
    """(height, width) of a size as torchvision takes it; None if it is no size."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value, value
    if isinstance(value, tuple | list) and len(value) in (1, 2) and all(isinstance(item, int) and item > 0 for item in value):
        return value[0], value[-1]
    return None


def _summary(call: CallValue) -> list[tuple[int, int, int]]:
    shape = call.arguments[1] if len(call.arguments) > 1 else call.keywords.get("input_size")
    if isinstance(shape, tuple | list) and len(shape) in (3, 4) and all(isinstance(item, int) for item in shape):
        return [(shape[-2], shape[-1], shape[-3])]
    return []


def _printed(root: Module | TorchLayer) -> list[tuple[int, int, int]]:
    """The shape that the docstring of a printed network tells."""
    text = root.kind.about if isinstance(root, Module) else ""
    found = _TAKES.search(text)
    if found is None:
        return []
    channels, height, width = (int(number) for number in found.groups())
    return [(height, width, channels)]
