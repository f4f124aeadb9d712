"""The objects of PyTorch that code creates: modules, their parameters, and tensors as views of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from cnnstudio.catalog.torch_modules import TorchModule
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.values import Class, Layer, Shape, SourceError, Tensor, Unknown

BATCH: Final = 1_000_003
"""The size of an open batch: a prime number that no size of a network is."""
PICTURES: Final = 1_000_000
"""The number of pictures that stands for an unknown one: shares of it are known."""
CHANNELS_FIRST: Final = (0, 3, 1, 2)
"""PyTorch's axes (batch, channels, height, width) by their place in ours: (batch, height, width, channels)."""


class SizeMismatch(SourceError):
    """A layer gets another number of values than the code says: the pictures may have another size. `channels` is what a
    layer of pictures expects, 0 for others."""

    def __init__(self, code: str, text: Text, line: int, channels: int = 0) -> None:
        super().__init__(code, text, line)
        self.channels = channels


@dataclass(eq=False)
class View(Tensor):
    """The output of a node. `axes` are PyTorch's axes by their place in ours, 0 being the batch: a permute changes them and
    needs no layer. `border` (top, bottom, left, right) of the number `fill` waits for the next module."""

    axes: tuple[int, ...] = CHANNELS_FIRST
    border: tuple[int, int, int, int] = (0, 0, 0, 0)
    fill: float = 0.0

    @property
    def shape(self) -> Shape:
        """Ours, without the batch."""
        assert self.node.shape is not None
        return self.node.shape

    @property
    def dims(self) -> Shape:
        """PyTorch's shape with the batch; a border is counted."""
        top, bottom, left, right = self.border
        grown = (top + bottom, left + right)
        ours = tuple(size + grown[axis] if any(self.border) and axis < 2 else size for axis, size in enumerate(self.shape))
        return tuple(BATCH if axis == 0 else ours[axis - 1] for axis in self.axes)


def usual_axes(rank: int) -> tuple[int, ...]:
    """The axes of a tensor of PyTorch with so many axes without the batch."""
    return CHANNELS_FIRST if rank == 3 else tuple(range(rank + 1))


@dataclass(eq=False)
class TorchLayer:
    """A module of torch.nn. `fixed` are parameters that the code keeps as they were created."""

    entry: TorchModule
    name: str
    values: dict[str, Any]
    line: int
    path: str = ""
    trainable: bool = True
    fixed: set[str] = field(default_factory=set)
    spectral: int = 0
    """Iterations of spectral normalisation; 0 without."""
    columns: int = 0
    """Columns of the kernel as the matrix of a spectral normalisation, where the code tells them."""
    layers: dict[int, Layer] = field(default_factory=dict)
    """The layers that it makes, by their position."""


@dataclass(eq=False)
class Module:
    """An object of a class of the file, or a container. `items` are the modules of a container in order."""

    kind: Class
    line: int
    names: dict[str, Any] = field(default_factory=dict)
    items: dict[str, Any] = field(default_factory=dict)
    arguments: tuple[list[Any], dict[str, Any]] = field(default_factory=lambda: ([], {}))
    path: str = ""
    nested: bool = False
    """Whether another module holds it."""

    def children(self) -> dict[str, Any]:
        """The modules that it holds, by name."""
        held = (*self.items.items(), *self.names.items())
        return {name: value for name, value in held if isinstance(value, Module | TorchLayer)}


@dataclass(eq=False)
class Parameters:
    """`module.parameters()`, or one parameter of a module by its name."""

    owner: Any
    name: str = ""


@dataclass(eq=False)
class HelperClass:
    """A class or function of the file that the program printed."""

    entry: TorchModule
    name: str


@dataclass(eq=False)
class Partial:
    """`functools.partial(function, ...)`."""

    function: Any
    arguments: list[Any]
    keywords: dict[str, Any]
    line: int = 0


@dataclass(eq=False)
class Arguments:
    """`argparse.ArgumentParser()`, and what it parses: the defaults."""

    values: dict[str, Any] = field(default_factory=dict)


class Training(Unknown):
    """`self.training`: yes while a network learns, no when it predicts."""


@dataclass(eq=False)
class Loop:
    """A training loop of the file: its rounds, 0 where they are not known."""

    rounds: int
    line: int


SEQUENTIAL: Final = Class("Sequential", "sequential", {}, [], 0)
MODULE_LIST: Final = Class("ModuleList", "list", {}, [], 0)
MODULE_DICT: Final = Class("ModuleDict", "dict", {}, [], 0)
NO_FORWARD: Final = Text("the class {name} has no forward method", "la clase {name} no tiene método forward")
