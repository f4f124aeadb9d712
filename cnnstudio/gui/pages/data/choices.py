"""The filter of the Data page as plain values that the page remembers, and its meaning."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from cnnstudio.core.text import Text
from cnnstudio.datasets.query import Filter

ANY: Final = (None, None)
RANGES: Final = {
    "side": (Text("Longer side", "Lado mayor"), "px", 1.0), "ratio": (Text("Aspect ratio", "Relación de aspecto"), "", 1.0),
    "bytes": (Text("File size", "Tamaño del archivo"), "KB", 1024.0), "brightness": (Text("Brightness", "Brillo"), "", 1.0),
    "sharpness": (Text("Sharpness", "Nitidez"), "", 1.0), "confidence": (Text("Confidence", "Confianza"), "", 1.0),
}
"""Filters by range: label, unit, and the size of one unit in the index."""
KEYS: Final = ("classes", "splits", "text", "problem", "excluded", "findings", "folder", "run", "correct", "added",
               *RANGES)


def filter_of(state: Mapping[str, Any], hidden: tuple[str, ...] = ()) -> Filter:
    """The index filter for a page's state; hidden classes are included only when they are chosen."""
    chosen: dict[str, Any] = {}
    for key in KEYS:
        if key in state:
            chosen[key] = tuple(state[key]) if isinstance(state[key], list) else state[key]
    classes = chosen.get("classes", ())
    return Filter(**chosen, not_classes=tuple(name for name in hidden if name not in classes))


class FilterChoices:
    """Edits of a page's state. A key that filters nothing is removed."""

    def __init__(self, state: dict[str, Any]) -> None:
        self._state = state

    def set(self, name: str, value: Any) -> None:
        """Set one filter; "quality" and "answers" are menus that combine several keys."""
        state = self._state
        if name == "quality":
            state["excluded"] = "only" if value == "excluded" else "show"
            state["problem"] = "any" if value == "unreadable" else ""
            state["findings"] = value if isinstance(value, tuple) else ()
        elif name == "answers":
            state["run"], state["correct"] = value or ("", "")
        elif value in ("", ANY, None, 0) and name != "sort":
            state.pop(name, None)
        else:
            state[name] = value
        if name not in ("paths", "sort"):
            self._drop_paths()

    def toggle(self, name: str, value: Any, add: bool) -> None:
        """Toggle the filter of a line in the side panel; with `add` it is added to the others."""
        state = self._state
        if name in ("class", "split"):
            key = "classes" if name == "class" else "splits"
            chosen = list(state.get(key, ()))
            if add:
                chosen = [item for item in chosen if item != value] if value in chosen else [*chosen, value]
            else:
                chosen = [] if chosen == [value] else [value]
            self.set(key, tuple(chosen))
        elif name == "excluded":
            self.set("quality", "" if state.get("excluded") == "only" else "excluded")
        elif name == "findings":
            self.set("quality", "" if tuple(state.get("findings", ())) == value else value)
        elif name == "classes":
            self.set("classes", () if tuple(state.get("classes", ())) == value else value)
        else:
            self.set("quality", "" if state.get("problem") == value else "unreadable")

    def toggle_class_and_split(self, name: str, split: str) -> None:
        """Toggle the filter of a clicked bar: a class and a split."""
        splits = (split,) if split else ()
        same = (tuple(self._state.get("classes", ())), tuple(self._state.get("splits", ()))) == ((name,), splits)
        self.set("classes", () if same else (name,))
        self.set("splits", () if same else splits)

    def forget_classes(self, names: Collection[str]) -> None:
        """Remove the filter by class where its class no longer exists: it would hide every picture."""
        chosen = tuple(self._state.get("classes", ()))
        if left := tuple(name for name in chosen if name in names):
            self._state["classes"] = left
        else:
            self._state.pop("classes", None)

    def clear(self) -> None:
        """Remove all filters."""
        for name in KEYS:
            self._state.pop(name, None)
        self._drop_paths()

    def only_paths(self, paths: list[str], title: str) -> None:
        """Show these pictures only; `title` is the label of the filter."""
        self.clear()
        self._state.update(paths=paths, paths_title=title)

    def _drop_paths(self) -> None:
        self._state.pop("paths", None)
        self._state.pop("paths_title", None)
