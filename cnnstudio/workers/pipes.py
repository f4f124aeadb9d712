"""The transport of this machine: a spawned process and a duplex pipe. One message is the bytes of one event or command."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.process
import threading
from multiprocessing.connection import Connection, wait
from typing import Final

from cnnstudio.workers import entry
from cnnstudio.workers.transport import ProtocolError, Ready, Setup

MAXIMUM_BYTES: Final = 64 * 1024 * 1024
"""No valid message is longer: the largest is a Predict with some hundred thousand paths."""


class PipeEndpoint:
    """One end of a pipe of multiprocessing. Nothing is pickled: messages are bytes."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, message: bytes) -> None:
        self.connection.send_bytes(message)

    def receive(self) -> bytes:
        try:
            return self.connection.recv_bytes(MAXIMUM_BYTES)
        except EOFError:
            raise
        except ConnectionError as error:
            raise EOFError from error
        except OSError as error:
            # An impossible length: the stream is out of step and unusable from here on.
            if error.errno is None or "length" in str(error):
                raise ProtocolError(str(error)) from error
            raise EOFError from error

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.close()


class PipeChild:
    """A process that was spawned with the other end of a pipe."""

    def __init__(self, setup: Setup) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=True)
        self.endpoint = PipeEndpoint(ours)
        self._process = context.Process(
            target=_enter, name="cnnstudio-worker",
            args=(theirs, setup.target, str(setup.log), setup.environment))
        try:
            self._process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        # At exit Python waits for every registered child. Ours end by themselves when the pipe closes, or are meant to
        # outlive us, so they are unregistered.
        multiprocessing.process._children.discard(self._process)  # type: ignore[attr-defined]
        self._wake_reader, self._wake_writer = context.Pipe(duplex=False)
        self._lock = threading.Lock()
        self._closed = self._abandoned = False

    @property
    def pid(self) -> int | None:
        return self._process.pid

    @property
    def exitcode(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None, listening: bool) -> Ready:
        sources: list[Connection | int] = [self._process.sentinel, self._wake_reader]
        if listening:
            sources.append(self.endpoint.connection)
        ready = wait(sources, timeout)
        result = Ready.NOTHING
        if self._wake_reader in ready:
            self._wake_reader.recv_bytes()
            result |= Ready.WAKE
        if self.endpoint.connection in ready:
            result |= Ready.MESSAGE
        if self._process.sentinel in ready:
            result |= Ready.EXIT
        return result

    def wake(self) -> None:
        with self._lock:
            if not self._closed:
                with contextlib.suppress(OSError):
                    self._wake_writer.send_bytes(b"w")

    def join(self, timeout: float | None = None) -> None:
        self._process.join(timeout)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        if not self._abandoned:
            with contextlib.suppress(OSError, ValueError):
                self._process.kill()

    def abandon(self) -> None:
        self._abandoned = True
        threading.Thread(target=self._process.join, daemon=True, name="cnnstudio-reaper").start()

    def close(self) -> None:
        self.endpoint.close()
        with self._lock:
            self._closed = True
            self._wake_writer.close()
            self._wake_reader.close()


def _enter(connection: Connection, target: str, log: str, environment: dict[str, str]) -> None:
    """Runs in the child. The connection is passed directly: this module is imported before the child's log is set
    up."""
    entry.enter(PipeEndpoint(connection), target, log, environment)


def start(setup: Setup) -> PipeChild:
    """Start a child of this machine. Raises OSError, ValueError or RuntimeError where it cannot."""
    return PipeChild(setup)
