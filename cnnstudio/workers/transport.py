"""The interface between a supervisor and its child: messages, start and end of the child.

A transport is a function that starts a child. `pipes.start` is the one of this machine; another one can start a child
elsewhere, if its `Child` has the same interface.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Flag, auto
from pathlib import Path
from typing import NamedTuple, Protocol


class ProtocolError(Exception):
    """A message that cannot be understood; `sample` is its beginning, for the report."""

    def __init__(self, sample: str) -> None:
        super().__init__(sample)
        self.sample = sample


class Endpoint(Protocol):
    """One end of a two-way stream of messages. `send` and `receive` may run in two threads at once."""

    def send(self, message: bytes) -> None:
        """Raises OSError or ValueError when the other end is gone."""

    def receive(self) -> bytes:
        """Wait for the next message. Raises EOFError at the end, ProtocolError where the stream is out of step."""

    def close(self) -> None:
        """Close the stream; the other end receives its end."""


class Ready(Flag):
    """What woke a supervisor."""

    NOTHING = 0
    MESSAGE = auto()
    """`Child.endpoint.receive` does not block."""
    EXIT = auto()
    """The child ended; `Child.exitcode` is known after `join`."""
    WAKE = auto()
    """`Child.wake` was called."""


class Child(Protocol):
    """A started child. `wake`, `terminate` and `kill` may be called from any thread."""

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint of its events and commands."""

    @property
    def pid(self) -> int | None:
        """Its process id, if it has one on this machine."""

    @property
    def exitcode(self) -> int | None:
        """Its exit code (negative: the signal that ended it), None while it runs."""

    def wait(self, timeout: float | None, listening: bool) -> Ready:
        """Block until something is ready, at most `timeout` seconds; messages count only while `listening`."""

    def wake(self) -> None:
        """Make `wait` return."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""

    def terminate(self) -> None:
        """Ask the operating system to end it."""

    def kill(self) -> None:
        """Kill it."""

    def abandon(self) -> None:
        """Let it continue alone: this object never ends it, and its exit is reaped."""

    def close(self) -> None:
        """Release what belongs to this side; the child is over or abandoned."""


class Setup(NamedTuple):
    """How a child starts: `target` is its entry "package.module:function", called with an Endpoint; its output goes to
    `log`; `environment` is set before it imports anything."""

    target: str
    log: Path
    environment: dict[str, str]


Transport = Callable[[Setup], Child]
"""Starts a child. Raises OSError, ValueError or RuntimeError where it cannot."""
