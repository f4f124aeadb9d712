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
    gpu_systems: tuple[str, ...] = ()
    """The systems, as in `sys.platform`, on which it reaches a graphics card."""
    gpu_packages: tuple[str, ...] = ()
    """Where one of these packages is installed, the backend has what a card by NVIDIA needs. A version such as 2.9+cu130 says
    so, too."""
    gpu_package: str = ""
    """What pip installs for a card by NVIDIA."""


TORCH: Final = Library("torch", "PyTorch", "torch", processor_index="https://download.pytorch.org/whl/cpu")

BACKENDS: Final[Registry[Backend]] = Registry("backend", (
    Backend(id="tensorflow", label=same("TensorFlow"), module="tensorflow", gpu_systems=("linux",),
            gpu_packages=("nvidia-cudnn-cu12", "nvidia-cudnn-cu13"), gpu_package="tensorflow[and-cuda]"),
    Backend(id="torch", label=same("PyTorch"), module="torch", libraries=(TORCH,),
            gpu_systems=("linux", "win32", "darwin"), gpu_packages=("nvidia-cudnn-cu12", "nvidia-cudnn-cu13"),
            gpu_package="torch"),
    Backend(id="jax", label=same("JAX"), module="jax", libraries=(Library("jax", "JAX", "jax"),),
            gpu_systems=("linux",), gpu_packages=("jax-cuda12-plugin", "jax-cuda13-plugin"), gpu_package="jax[cuda13]"),
))
