"""The type of an entry in the registries of optimizers and callbacks, and the PyTorch forms of losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.shapes import Values
from cnnstudio.catalog.torch_form import Helper, NotInTorch
from cnnstudio.core.params import Param
from cnnstudio.core.text import Text


class TorchOptimizer(msgspec.Struct, frozen=True, kw_only=True):
    """`torch.optim.<name>(learning, lr=..., <arguments>)`; arguments are code by name, those that are empty left out.

    `decays` says whether the call itself takes weight_decay, apart from the gradient as Keras does; where it does not, the
    printed loop has a line for it.
    """

    name: str | Callable[[Values], str]
    arguments: Callable[[Values], dict[str, str]] = lambda _values: {}
    decays: bool = False

    def code(self, values: Values, weights: str = "learning") -> str:
        name = self.name if isinstance(self.name, str) else self.name(values)
        options = [f"lr={values['learning_rate']!r}"]
        options += [f"{key}={code}" for key, code in self.arguments(values).items() if code]
        return f"torch.optim.{name}({weights}, {', '.join(options)})"


class TorchLoss(msgspec.Struct, frozen=True, kw_only=True):
    """The loss of each picture, (batch,) or (batch, 1), as code of `answers`, which are probabilities, and `labels`.

    `shares` takes labels as probabilities (batch, classes), or (batch, 1) for two classes; `numbers` takes class numbers
    (batch,), None where there is no such form. `{probable}` in them is answers kept away from 0 and 1. `logits` takes
    answers before the last activation, and labels in either form; None: the loss needs probabilities.
    """

    shares: Callable[[Values], str]
    numbers: Callable[[Values], str] | None = None
    logits: Callable[[Values], str] | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a callback stands: its id, the batches of an epoch, its stage and whether that is the first, and for each group
    of weights the factor of its rate."""

    id: str
    epoch_batches: int = 1
    first: bool = True
    stage: str = ""
    rates: tuple[float, ...] = (1.0,)


class TorchCallback(msgspec.Struct, frozen=True, kw_only=True):
    """The check of the printed loop after every epoch.

    "stop": the lines make an object with `is_over(epoch, logs)` and `restore()`; "plateau": they make a pair of the name
    of a quantity and a scheduler whose `step` takes its value; "watch": an object with `after_epoch(epoch, logs)`.
    `helper` is printed before the loop.
    """

    role: Literal["stop", "plateau", "watch"]
    lines: Callable[[Values, Place], list[str]]
    helper: Helper | None = None


TorchPart = TorchOptimizer | TorchCallback | NotInTorch


class TrainingComponent(msgspec.Struct, frozen=True, kw_only=True):
    """An optimizer or callback: its parameters, the call that makes it in Keras, and its form in PyTorch.

    `placed` adds the values that follow from a callback's place. `role` says what a callback writes into the folder of a
    run, which the training does in its own way: whole models, a table of the epochs, or event files. `changes_rate`: a
    callback that sets the learning rate, which a schedule does not allow. `stops` says in a few
    words when a callback with these values ends a stage.
    """

    id: str
    label: Text
    help: Text
    params: tuple[Param, ...] = ()
    call: Call
    torch: TorchPart
    placed: Callable[[Values, Place], Values] | None = None
    role: Literal["", "models", "table", "events"] = ""
    changes_rate: bool = False
    stops: Callable[[Values], Text] | None = None
