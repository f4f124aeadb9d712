"""A quick import of Keras: it looks for libraries that nothing here gives it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_UNUSED: Final = ("sklearn", "pandas")
"""Keras imports them for wrappers and data frames where they are installed: a quarter of its time, and 60 MB."""


@contextmanager
def lean_keras() -> Iterator[None]:
    """Within the block, before Keras was imported, these libraries count as not installed; afterwards they can be imported."""
    hidden = [name for name in _UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
