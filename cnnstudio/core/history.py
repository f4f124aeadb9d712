"""Undo and redo of everything: snapshots of immutable projects, and edits of the picture index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, runtime_checkable

import msgspec

from cnnstudio.core.project import Project
from cnnstudio.core.text import Text


class Effect(Protocol):
    """An edit outside the project, such as a relabelling in the picture index.

    Both directions may be called again and again; they raise ProblemError when they cannot work,
    and then the history stays where it was.
    """

    def undo(self) -> None: ...

    def redo(self) -> None: ...


Direction = Literal["undo", "redo"]


@runtime_checkable
class SlowEffect(Effect, Protocol):
    """An effect that may take too long to wait for, such as moving thousands of files.

    `start` runs it in the background and calls `done` on success; the caller then settles the step (see
    `History.settle`).
    """

    def start(self, direction: Direction, done: Callable[[], object]) -> None: ...


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the undo list."""

    label: Text
    before: Project
    after: Project
    merge_key: str = ""
    effect: Effect | None = None
    part: str = "pictures"
    """What the effect changed: "pictures", "runs", "calibration" or "scenarios"."""


class History:
    """The current project with its undo and redo lists.

    Steps that follow each other with the same non-empty merge key become one (the drag of a
    spin box is one step), unless `seal` was called between.
    """

    def __init__(self, project: Project, limit: int = 500) -> None:
        self.project = project
        self._limit = limit
        self._done: list[Entry] = []
        self._undone: list[Entry] = []
        self._saved: Project = project
        self._sealed = False

    def push(self, project: Project, label: Text, merge_key: str = "") -> None:
        """Make `project` the current one; nothing happens when it equals the current one."""
        if project == self.project:
            return
        last = self._done[-1] if self._done else None
        if last is not None and merge_key and last.merge_key == merge_key and not self._sealed and not self._undone:
            self._done[-1] = msgspec.structs.replace(last, after=project)
        else:
            self._add(Entry(label=label, before=self.project, after=project, merge_key=merge_key))
        self._sealed = False
        self._undone.clear()
        self.project = project

    def push_effect(self, effect: Effect, label: Text, project: Project | None = None, part: str = "pictures") -> None:
        """Record an effect on a part that was already carried out, with the project it led to, if that changed."""
        after = self.project if project is None else project
        self._add(Entry(label=label, before=self.project, after=after, effect=effect, part=part))
        self._undone.clear()
        self.project = after

    def _add(self, entry: Entry) -> None:
        self._done.append(entry)
        del self._done[: -self._limit]

    @property
    def done(self) -> tuple[Entry, ...]:
        """The steps that can be undone, the next one last."""
        return tuple(self._done)

    @property
    def undone(self) -> tuple[Entry, ...]:
        """The steps that can be redone, the next one last."""
        return tuple(self._undone)

    def seal(self) -> None:
        """The next step starts anew even with the same merge key."""
        self._sealed = True

    @property
    def undo_label(self) -> Text | None:
        return self._done[-1].label if self._done else None

    @property
    def redo_label(self) -> Text | None:
        return self._undone[-1].label if self._undone else None

    def undo(self) -> Entry | None:
        """Go one step back; returns the step, or None at the beginning."""
        return self._move(self._done, self._undone, lambda entry: entry.before, "undo")

    def redo(self) -> Entry | None:
        """Go one step forward; returns the step, or None at the end."""
        return self._move(self._undone, self._done, lambda entry: entry.after, "redo")

    def next(self, direction: Direction) -> Entry | None:
        """The step that comes next in that direction, or None."""
        steps = self._done if direction == "undo" else self._undone
        return steps[-1] if steps else None

    def settle(self, entry: Entry, direction: Direction) -> None:
        """The slow effect of a step was carried out in that direction, whatever else was done meanwhile."""
        if self.next(direction) is entry:
            source, target = (self._done, self._undone) if direction == "undo" else (self._undone, self._done)
            target.append(source.pop())
            self.project = entry.before if direction == "undo" else entry.after
        elif direction == "undo":
            # A newer step was taken meanwhile, which ended what could be redone.
            self._done = [item for item in self._done if item is not entry]
        else:
            self._add(msgspec.structs.replace(entry, before=self.project, after=self.project))
        self._sealed = True

    def _move(self, source: list[Entry], target: list[Entry], side: Callable[[Entry], Project],
              direction: Direction) -> Entry | None:
        if not source:
            return None
        entry = source[-1]
        if entry.effect is not None:
            getattr(entry.effect, direction)()
        source.pop()
        target.append(entry)
        self.project = side(entry)
        self._sealed = True
        return entry

    @property
    def dirty(self) -> bool:
        """Whether the current project differs from the one last saved."""
        return self.project is not self._saved and self.project != self._saved

    def mark_saved(self, project: Project | None = None) -> None:
        """Note that `project` (by default the current one) is saved."""
        self._saved = self.project if project is None else project
