"""Trainings that wait for the one that runs."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from cnnstudio.core.jobs import Train
from cnnstudio.workers.runs.folder import RunFolder


class Waiting(NamedTuple):
    """A run whose turn comes, the job that trains it, the epochs it plans, and the cluster that it goes to ("": none)."""

    run: RunFolder
    job: Train
    epochs: int
    cluster: str = ""


class RunQueue(QObject):
    """The runs that wait, the next one first."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[Waiting] = []
        self.held = False
        """Whether the next one waits for the user, who stopped the one before or opened the project again."""

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        return tuple(self._waiting)

    def holds(self, run_id: str) -> bool:
        """Whether that run waits."""
        return any(item.run.id == run_id for item in self._waiting)

    def add(self, item: Waiting) -> None:
        """Put a run at the end; one that waits already stays in its place."""
        if not self.holds(item.run.id):
            self._waiting.append(item)
            self.changed.emit()

    def take(self) -> Waiting | None:
        """The next one, which no longer waits; None if there is none."""
        self.held = False
        if not self._waiting:
            return None
        item = self._waiting.pop(0)
        self.changed.emit()
        return item

    def hold(self) -> None:
        """Let the next one wait for the user."""
        self.held = bool(self._waiting)
        self.changed.emit()

    def release(self) -> None:
        """Let the next one follow by itself again."""
        if self.held:
            self.held = False
            self.changed.emit()

    def remove(self, run_id: str) -> tuple[int, Waiting] | None:
        """Take a run out; returns its place (from 0) and what waited there, None where it does not wait."""
        for place, item in enumerate(self._waiting):
            if item.run.id == run_id:
                del self._waiting[place]
                self.held = self.held and bool(self._waiting)
                self.changed.emit()
                return place, item
        return None

    def insert(self, place: int, item: Waiting, *, held: bool) -> None:
        """Put a run that was taken out back to its place; `held` where nothing runs after which it could begin."""
        if not self.holds(item.run.id):
            self._waiting.insert(place, item)
            self.held = self.held or held
            self.changed.emit()

    def move(self, run_id: str, by: int) -> None:
        """Move a run by so many places, a negative number towards the front."""
        place = next((number for number, item in enumerate(self._waiting) if item.run.id == run_id), None)
        if place is not None and 0 <= place + by < len(self._waiting):
            self._waiting.insert(place + by, self._waiting.pop(place))
            self.changed.emit()

    def clear(self) -> None:
        """Forget all: another project is open."""
        self._waiting.clear()
        self.held = False
        self.changed.emit()
