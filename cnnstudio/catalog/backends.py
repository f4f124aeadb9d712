"""The registry of Keras's backends. What each needs besides the program is a library that the user can add."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.core.libraries import Library
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same


class Backend(msgspec.Struct, frozen=True, kw_only=True):
    """A library that computes for Keras. `id` is Keras's name for it, `module` what Keras imports."""

    id: str
    label: Text
    module: str
    libraries: tuple[Library, ...] = ()
    """What does not come along with the program."""


TORCH: Final = Library("torch", "PyTorch", "torch", processor_index="https://download.pytorch.org/whl/cpu")

BACKENDS: Final[Registry[Backend]] = Registry("backend", (
    Backend(id="tensorflow", label=same("TensorFlow"), module="tensorflow"),
    Backend(id="torch", label=same("PyTorch"), module="torch", libraries=(TORCH,)),
    Backend(id="jax", label=same("JAX"), module="jax", libraries=(Library("jax", "JAX", "jax"),)),
))
