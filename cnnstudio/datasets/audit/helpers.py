"""Processes that measure pictures in parallel, without waiting for one interpreter lock.

Messages are msgspec-encoded bytes on a pipe; only the pipe itself is pickled. A file that crashes a decoder ends one
helper, never the program; it is identified and reported.

Nothing that decodes is imported here: a command starts its helpers first, and imports the rest while they start.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from cnnstudio.datasets.audit.file_measures import Measured

Piece = Sequence[tuple[int, str]]
"""Some pictures: id and path relative to the root."""
_AHEAD: Final = 2
"""Pieces that a helper has at once, so that it never waits for the next."""
_ALGEBRA_THREADS: Final = "OPENBLAS_NUM_THREADS"


class _Helper:
    def __init__(self, process: BaseProcess, connection: Connection) -> None:
        self.process, self.connection = process, connection
        self.pieces: deque[Piece] = deque()


class Helpers:
    """Up to `count` processes, or none if the system cannot start any. A context manager.

    `root` is the folder that paths are relative to; it may be set later, before the first piece is given.
    """

    def __init__(self, count: int, root: Path = Path(), target: Callable[[Connection], None] | None = None) -> None:
        self.root = root
        self._target = target or _serve
        self._helpers: list[_Helper] = []
        self._again: deque[Piece] = deque()
        self._lost: list[Measured] = []
        for _ in range(count):
            self._start()

    def __enter__(self) -> Helpers:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
                 ) -> None:
        for helper in self._helpers:
            helper.connection.close()
        for helper in self._helpers:
            # Terminating loses nothing, and waiting for a helper that is still starting takes time.
            helper.process.terminate()
            helper.process.join(5.0)
            if helper.process.is_alive():
                helper.process.kill()
                helper.process.join()
            helper.process.close()

    @property
    def room(self) -> bool:
        """Whether a helper can take another piece."""
        return any(len(helper.pieces) < _AHEAD for helper in self._helpers)

    @property
    def busy(self) -> bool:
        """Whether results are outstanding."""
        return bool(self._lost or self._again or any(helper.pieces for helper in self._helpers))

    @property
    def there(self) -> bool:
        """Whether there is any helper."""
        return bool(self._helpers)

    def give(self, piece: Piece) -> None:
        """Send a piece to the helper with the fewest pieces; only while there is `room`."""
        helper = min(self._helpers, key=lambda item: len(item.pieces))
        helper.pieces.append(piece)
        # `collect` notices a dead process by the end of its pipe.
        with contextlib.suppress(OSError):
            helper.connection.send_bytes(msgspec.msgpack.encode(
                (os.fsencode(self.root), [(number, os.fsencode(path)) for number, path in piece])))

    def collect(self, seconds: float) -> list[Measured]:
        """The results so far; waits up to `seconds` for the first if any are outstanding."""
        results, self._lost = self._lost, []
        waiting = {helper.connection: helper for helper in self._helpers if helper.pieces}
        for connection in wait(list(waiting), 0.0 if results else seconds) if waiting else ():
            helper = waiting[connection]  # type: ignore[index]
            try:
                results += _decode(helper.connection.recv_bytes())
                helper.pieces.popleft()
            except (EOFError, OSError, msgspec.MsgspecError):
                results += self._died(helper)
        while self._again and self.room:
            self.give(self._again.popleft())
        return results

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        try:
            ours, theirs = context.Pipe()
            process = context.Process(target=self._target, args=(theirs,), daemon=True, name="measuring")
            process.start()
        except OSError:
            return
        theirs.close()
        self._helpers.append(_Helper(process, ours))

    def _died(self, helper: _Helper) -> list[Measured]:
        """Replace a dead helper; its files are sent one by one to find the file that crashed it."""
        from cnnstudio.datasets.audit.file_measures import measure_file, refused
        from cnnstudio.imaging.errors import corrupt

        self._helpers.remove(helper)
        helper.connection.close()
        helper.process.kill()
        helper.process.join()
        helper.process.close()
        first, *rest = helper.pieces
        result = []
        if len(first) == 1:
            result.append(refused(first[0][0], corrupt("", "decoding")))
        else:
            self._again.extend([item] for item in first)
        self._again.extend(rest)
        self._start()
        if not self._helpers:
            # No process can be started any more: the remaining files are measured here.
            result += [measure_file(self.root, *item) for piece in self._again for item in piece]
            self._again.clear()
        return result


def spare(here: bool) -> int:
    """The number of helpers for the free cores; with `here` the calling thread needs one core."""
    return max(1, (os.cpu_count() or 2) - (1 if here else 0))


def _serve(connection: Connection) -> None:
    with one_thread_for_algebra():
        from cnnstudio.datasets.audit.helper_process import serve

    serve(connection)


@contextlib.contextmanager
def one_thread_for_algebra() -> Iterator[None]:
    """Inside, importing NumPy starts no OpenBLAS threads: new ones spin for a tenth of a second on cores that are
    needed for decoding. The user's own setting stays, and later processes are not affected."""
    if _ALGEBRA_THREADS in os.environ:
        yield
        return
    os.environ[_ALGEBRA_THREADS] = "1"
    try:
        yield
    finally:
        del os.environ[_ALGEBRA_THREADS]


def _decode(data: bytes) -> list[Measured]:
    from cnnstudio.datasets.audit.file_measures import Measured

    return msgspec.msgpack.decode(data, type=list[Measured])
