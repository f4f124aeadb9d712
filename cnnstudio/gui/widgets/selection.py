"""The selected rows of a long list, one byte per row: a million rows take a megabyte."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence


class Selection:
    """Selected rows with the current one and the anchor of a range."""

    def __init__(self) -> None:
        self._flags = bytearray()
        self.current = -1
        self.anchor = -1

    def __len__(self) -> int:
        return self._flags.count(1)

    def __contains__(self, row: int) -> bool:
        return 0 <= row < len(self._flags) and self._flags[row] == 1

    def rows(self) -> Iterable[int]:
        """The selected rows in order."""
        row = self._flags.find(1)
        while row >= 0:
            yield row
            row = self._flags.find(1, row + 1)

    def reset(self, before: Sequence[int], after: array[int], *, follow: bool = False) -> None:
        """Adjust the selection, by id, to a list that changed from `before` to `after`.

        `follow`: where no selected id remains, select the row in place of the current one.
        """
        current = before[self.current] if 0 <= self.current < len(before) else None
        flags, place = self._flags, self.current
        self._flags = bytearray(len(after))
        self.current = self.anchor = -1
        chosen = flags.count(1) > 0
        if not after or (not chosen and current is None):
            return
        import numpy as np

        old, ids = np.asarray(before, np.int64), np.frombuffer(after, np.int64)
        if chosen:
            still_there = np.isin(ids, old[np.frombuffer(flags, np.bool_)])
            self._flags = bytearray(still_there.tobytes())
        if current is None:
            return
        if follow and current not in after:
            left = np.flatnonzero(np.isin(old, ids))
            next_one = min(int(np.searchsorted(left, place)), len(left) - 1)
            current = int(old[left[next_one]]) if len(left) else int(ids[0])
            if chosen and not still_there.any():
                self._flags[after.index(current)] = 1
        positions = np.flatnonzero(ids == current)
        if len(positions):
            self.current = self.anchor = int(positions[0])

    def clear(self) -> None:
        self._flags = bytearray(len(self._flags))

    def select_all(self) -> None:
        self._flags = bytearray(b"\1") * len(self._flags)

    def select_only(self, row: int) -> None:
        """Select only this row."""
        self.clear()
        if 0 <= row < len(self._flags):
            self._flags[row] = 1
            self.current = self.anchor = row

    def select_rows(self, rows: Sequence[int]) -> None:
        """Select only these rows."""
        self.clear()
        for row in rows:
            self._flags[row] = 1
        self.current = self.anchor = rows[0] if rows else self.current

    def toggle(self, row: int) -> None:
        if 0 <= row < len(self._flags):
            self._flags[row] ^= 1
            self.current = self.anchor = row

    def extend(self, row: int, *, add: bool = False) -> None:
        """Select from the anchor to `row`; with `add` the rest of the selection stays."""
        if not 0 <= row < len(self._flags):
            return
        start = self.anchor if self.anchor >= 0 else row
        if not add:
            self.clear()
        low, high = min(start, row), max(start, row)
        self._flags[low:high + 1] = b"\1" * (high - low + 1)
        self.current = row
        self.anchor = start
