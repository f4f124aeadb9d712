"""PyTorch code with a file of its weights as a base: joined to a model in a child process."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import ClassVar, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from cnnstudio.core.conversion_jobs import WEIGHTS_SUFFIXES, ConvertTorch, WeightsCarried
from cnnstudio.core.events import Event, Failed, Finished
from cnnstudio.core.problems import warning
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.state.session import Session
from cnnstudio.interchange.open import SOURCE_SUFFIXES

KIND: Final = "torch_base"
_LABEL: Final = Text("Joining code and weights", "Uniendo código y pesos")
_MOST: Final = 5
"""Names of layers in a message."""


def code_and_weights(paths: list[str]) -> tuple[Path, Path] | None:
    """Of two files the one with code and the one with weights, in whichever order they come."""
    if len(paths) != 2:
        return None
    code, weights = sorted(map(Path, paths), key=lambda path: path.suffix.lower() not in SOURCE_SUFFIXES)
    fits = code.suffix.lower() in SOURCE_SUFFIXES and weights.suffix.lower() in WEIGHTS_SUFFIXES
    return (code, weights) if fits and code.is_file() and weights.is_file() else None


def ask_for_weights(session: Session, parent: QWidget, code: Path) -> Path | None:
    """The file with the weights of that code; None where the user has none."""
    name, _kind = QFileDialog.getOpenFileName(
        parent, tr("Weights of {name}", "Pesos de {name}", name=code.name),
        session.recall("network_folder", str(code.parent)),
        tr("Weights of PyTorch", "Pesos de PyTorch") + f" ({' '.join(f'*{suffix}' for suffix in WEIGHTS_SUFFIXES)})")
    return Path(name) if name else None


class TorchBase(QObject):
    """`joined(model, name)` with a `.keras` file that is deleted when the next one is made or the program ends."""

    joined = Signal(Path, str)
    target: ClassVar[str] = ""
    """The entry point of the child; "" for the engine's. Tests replace it."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._weights = self._name = ""
        self._target = Path()

    def join(self, code: Path, weights: Path) -> None:
        """Join them in the background; one at a time."""
        if self._session.jobs.of_kind(KIND) is not None:
            return
        self._scratch = tempfile.TemporaryDirectory(prefix="cnnstudio-base-")
        self._target, self._name, self._weights = Path(self._scratch.name) / "model.keras", code.stem, weights.name
        job = ChildJob(ConvertTorch(source=str(code), weights=str(weights), target=str(self._target)), _LABEL, KIND,
                       page="network", target=self.target)
        job.event.connect(self._on_event)
        job.ended.connect(self._on_ended)
        self._session.jobs.start(job)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, WeightsCarried) and (event.missing_count or event.unused_count):
            self._session.report(warning("weights_left", left_text(event, self._weights), "network"))

    def _on_ended(self, last: Event) -> None:
        if isinstance(last, Failed):
            self._session.report(last.problem)
        elif isinstance(last, Finished):
            self.joined.emit(self._target, self._name)


def left_text(event: WeightsCarried, weights: str) -> Text:
    """Which layers got no weights, and which weights no layer took."""
    text = Text("Weights of {file}: {carried} of {layers} layers got theirs. Layers without: {missing}. Unused names: "
                "{unused}.",
                "Pesos de {file}: {carried} de {layers} capas recibieron los suyos. Capas sin ellos: {missing}. Nombres sin "
                "usar: {unused}.")
    return text.fill(file=weights, carried=event.carried, layers=event.layers,
                     missing=_named(event.missing, event.missing_count), unused=_named(event.unused, event.unused_count))


def _named(names: tuple[str, ...], count: int) -> str:
    more = ", …" if count > _MOST else ""
    return f"{count} ({', '.join(names[:_MOST])}{more})" if count else "0"
