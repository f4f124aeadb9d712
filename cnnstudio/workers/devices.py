"""The devices of this computer and the backends of Keras, and why a graphics card is not used."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple

from cnnstudio.catalog.backends import BACKENDS, Backend
from cnnstudio.core.libraries import GPU, added_libraries, is_available
from cnnstudio.core.problems import Fix, Problem, warning
from cnnstudio.core.text import Text
from cnnstudio.workers.gpu import Computer, this_computer
from cnnstudio.workers.telemetry import gpu_loads

_PCI: Final = Path("/sys/bus/pci/devices")
_VENDORS: Final = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
_DISPLAY_CLASS: Final = "0x03"
NVIDIA: Final = "NVIDIA"
APPLE: Final = "Apple"


class Card(NamedTuple):
    """A graphics card: its maker, its name where its driver tells it, and its memory in MB (0: unknown)."""

    maker: str
    name: str = ""
    memory_mb: float = 0.0

    @property
    def title(self) -> str:
        return self.name or self.maker


class Machine(NamedTuple):
    """What was found: the computer, its cards, the version of every installed backend ("" if it is not there), and the
    backends that have what a card by NVIDIA needs."""

    computer: Computer
    cards: tuple[Card, ...]
    backends: Mapping[str, str]
    with_gpu: frozenset[str]

    def installed(self, backend: str) -> bool:
        return bool(self.backends.get(backend))


def this_machine() -> Machine:
    """Look for cards and backends. Nothing is started, and nothing imported that computes."""
    computer = this_computer()
    versions = {backend.id: _version(backend) for backend in BACKENDS}
    return Machine(computer, _cards(computer), versions,
                   frozenset(backend.id for backend in BACKENDS if _has_gpu_build(backend, versions[backend.id])))


def _version(backend: Backend) -> str:
    if backend.libraries and not all(map(is_available, backend.libraries)):
        return ""
    for package in (backend.module, f"{backend.module}-cpu"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            return metadata.version(package)
    for library in added_libraries():
        if backend.module in library.versions:
            return library.versions[backend.module]
    return "?" if backend.libraries else ""


def _has_gpu_build(backend: Backend, version: str) -> bool:
    if version.partition("+")[2].startswith("cu"):
        return True
    if version.endswith("+cpu") or not version:
        return False
    added = {name.lower() for library in added_libraries() if library.backend in ("", backend.id) for name in library.versions}
    for package in backend.gpu_packages:
        if package in added:
            return True
        with contextlib.suppress(metadata.PackageNotFoundError):
            metadata.version(package)
            return True
    return False


def _cards(computer: Computer) -> tuple[Card, ...]:
    """By NVIDIA's driver; else by what is plugged in, which only Linux tells without a program."""
    if computer.system == "darwin" and computer.machine == "arm64":
        return (Card(APPLE, "Apple GPU"),)
    told = tuple(Card(NVIDIA, load.name, load.memory_total_mb) for load in gpu_loads())
    plugged = tuple(card for card in plugged_cards(_PCI) if not (told and card.maker == NVIDIA))
    if not told and not plugged and computer.nvidia:
        return (Card(NVIDIA),)
    return told + plugged


def plugged_cards(folder: Path) -> tuple[Card, ...]:
    """The display controllers among the PCI devices in a folder of sysfs."""
    found = []
    for device in sorted(folder.glob("*")):
        with contextlib.suppress(OSError):
            if (device / "class").read_text().startswith(_DISPLAY_CLASS):
                maker = _VENDORS.get((device / "vendor").read_text().strip())
                found += [Card(maker)] if maker else []
    return tuple(found)


def why_unused(machine: Machine, backend: Backend) -> Problem | None:
    """Why an installed backend does not compute on a card of this computer, and what mends it; None where there is no card,
    or it does."""
    if not machine.cards or not machine.installed(backend.id):
        return None
    card = next((card for card in machine.cards if card.maker in (NVIDIA, APPLE)), machine.cards[0])
    others = ", ".join(str(other.label) for other in BACKENDS if machine.computer.system in other.gpu_systems)
    if card.maker not in (NVIDIA, APPLE):
        return _problem("gpu_maker", Text(
            "{card}: {backend} computes on cards by NVIDIA and on processors by Apple only. The processor does the work.",
            "{card}: {backend} solo calcula con tarjetas de NVIDIA y procesadores de Apple. El trabajo lo hace el procesador."
        ).fill(card=card.title, backend=backend.label))
    if machine.computer.system not in backend.gpu_systems:
        if machine.computer.system == "win32":
            return _problem("gpu_native_windows", Text(
                "{card}: {backend} has no support for graphics cards on Windows itself. Choose another backend ({others}), or "
                "run the program in WSL 2.",
                "{card}: {backend} no admite tarjetas gráficas en Windows mismo. Elija otro motor ({others}) o ejecute el "
                "programa en WSL 2.").fill(card=card.title, backend=backend.label, others=others))
        return _problem("gpu_other_backend", Text(
            "{card}: {backend} does not reach it on this system. Choose another backend ({others}), which uses Metal.",
            "{card}: {backend} no llega a ella en este sistema. Elija otro motor ({others}), que usa Metal.").fill(
                card=card.title, backend=backend.label, others=others))
    if card.maker == APPLE:
        return None
    if not machine.computer.nvidia:
        return _problem("gpu_driver", Text(
            "{card}: a card is plugged in, but its driver is missing. Install NVIDIA's driver, restart the computer, and then "
            "run cnnstudio doctor --install-gpu.",
            "{card}: hay una tarjeta, pero falta su controlador. Instale el controlador de NVIDIA, reinicie el equipo y "
            "ejecute después cnnstudio doctor --install-gpu.").fill(card=card.title))
    if backend.id not in machine.with_gpu:
        support = next((library for library in added_libraries() if library.id == GPU), None)
        again = support is not None and support.backend == backend.id
        fix = Fix(action="install_library", label=Text("Install what it needs", "Instalar lo que necesita"),
                  arguments={"library": GPU})
        offered = _is_offered(machine.computer, backend)
        hint = Text("Add them: cnnstudio doctor --install-gpu.", "Añádalas: cnnstudio doctor --install-gpu.") if offered else (
            Text("In a Python of your own: pip install \"{package}\".", "En un Python propio: pip install \"{package}\".").fill(
                package=backend.gpu_package))
        if again:
            hint = Text("What was added is for another version; add it again: cnnstudio doctor --install-gpu.",
                        "Lo añadido es de otra versión; añádalo de nuevo: cnnstudio doctor --install-gpu.")
        return _problem("gpu_libraries", Text(
            "{card}: the driver is there, but {backend} lacks NVIDIA's libraries (CUDA, cuDNN). {hint}",
            "{card}: el controlador está, pero a {backend} le faltan las bibliotecas de NVIDIA (CUDA, cuDNN). {hint}").fill(
                card=card.title, backend=backend.label, hint=hint), *([fix] if offered else []))
    return None


def _is_offered(computer: Computer, backend: Backend) -> bool:
    """Whether the program adds by itself what that backend needs for a card."""
    from cnnstudio.workers.gpu import gpu_support

    return gpu_support(computer).backend == backend.id


def _problem(code: str, text: Text, *fixes: Fix) -> Problem:
    return warning(code, text, "machine", fixes=fixes)


def cpu_count() -> int:
    """The cores of the processor."""
    return os.cpu_count() or 1
