"""What Ctrl+C does while a command works."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def handling_interrupts(handle: Callable[[int, object], None]) -> Iterator[None]:
    """Inside, Ctrl+C and SIGTERM (on Windows Ctrl+Break, too) call `handle(number, frame)`; afterwards all is as before."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        numbers.append(signal.SIGBREAK)
    previous = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
