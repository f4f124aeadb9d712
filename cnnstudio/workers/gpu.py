"""What the graphics card of this computer needs so that Keras can compute on it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Final, NamedTuple

from cnnstudio.core.libraries import Library
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text

_PYTORCH_CUDA: Final = "https://download.pytorch.org/whl/cu130"
"""Where PyTorch offers its builds for NVIDIA cards on Windows; those of the usual index are for the processor."""


class Computer(NamedTuple):
    """What was found: `system` as in `sys.platform`, `machine` the processor, `nvidia` where NVIDIA's driver was seen."""

    system: str
    machine: str
    nvidia: str = ""


class GpuSupport(NamedTuple):
    """A library and the backend of Keras that computes with it."""

    library: Library
    backend: str


def this_computer() -> Computer:
    """Look for a graphics card that Keras can use. Nothing is started."""
    places = [Path(found)] if (found := shutil.which("nvidia-smi")) else []
    places += [Path("/proc/driver/nvidia/version"), Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "System32/nvcuda.dll"]
    nvidia = next((str(place) for place in places if place.exists()), "")
    return Computer(sys.platform, platform.machine().lower(), nvidia)


def gpu_support(computer: Computer) -> GpuSupport:
    """What to add on that computer; raises ProblemError (no_gpu) with what was looked for."""
    if computer.nvidia and computer.system == "linux":
        return GpuSupport(Library("tensorflow", "TensorFlow (NVIDIA)", "tensorflow[and-cuda]"), "tensorflow")
    if computer.nvidia and computer.system == "win32":
        return GpuSupport(Library("torch", "PyTorch (NVIDIA)", "torch", index=_PYTORCH_CUDA), "torch")
    if computer.system == "darwin" and computer.machine == "arm64":
        return GpuSupport(Library("torch", "PyTorch (Apple)", "torch"), "torch")
    text = Text("No graphics card that Keras can use was found on this computer ({system}, {machine}): neither NVIDIA's driver "
                "(nvidia-smi, /proc/driver/nvidia, nvcuda.dll) nor a processor by Apple. Install the driver of the card first; "
                "everything works on the processor, too.",
                "No se encontró en este equipo ({system}, {machine}) ninguna tarjeta gráfica que Keras pueda usar: ni el "
                "controlador de NVIDIA (nvidia-smi, /proc/driver/nvidia, nvcuda.dll) ni un procesador de Apple. Instale antes "
                "el controlador de la tarjeta; todo funciona también con el procesador.")
    raise ProblemError(error("no_gpu", text.fill(system=computer.system, machine=computer.machine), "machine"))
