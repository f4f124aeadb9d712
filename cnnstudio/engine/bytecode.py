"""Imports of what was just written into a folder of the user's, without leaving anything there."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def no_bytecode() -> Iterator[None]:
    """No `__pycache__` is written: it would be part of an export, and the next export could read an outdated one."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
