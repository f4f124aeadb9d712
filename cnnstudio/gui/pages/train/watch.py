"""A training that continues without the window that started it."""

from __future__ import annotations

from typing import Any

from cnnstudio.core.events import Event, Failed, Finished, Stopped
from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import Job
from cnnstudio.workers.follow import Follower
from cnnstudio.workers.runs.folder import RunFolder


class Watch(Job):
    """Follows a training that continues without its window."""

    def __init__(self, run: RunFolder, epochs: int) -> None:
        super().__init__(Text("Training", "Entrenamiento"), "train", page="train")
        self._epochs = epochs
        self.run_folder = str(run.folder)
        self._follower = Follower(run, self._arrived.emit)

    def _work(self) -> None:
        self._over.emit(self._follower.run())

    def _receive(self, event: Event) -> None:
        if not isinstance(event, Finished | Stopped | Failed):
            super()._receive(event)

    def send(self, command: Any) -> None:
        self._follower.send(command)

    def stop(self, keep: bool = True) -> None:
        self.cancelling = True
        self._follower.stop(keep)

    def detach(self) -> None:
        self._follower.detach()

    def cancel(self) -> None:
        """The window closes: stop following; the training continues."""
        super().cancel()
        self._follower.detach()
