"""Framing on the pipe between a supervisor and its child: one message is the bytes of one event or command.

Nothing is pickled: what comes out of the pipe is decoded by msgspec against the declared types, or refused.
"""

from __future__ import annotations

from multiprocessing.connection import Connection
from typing import Final

import msgspec

from cnnstudio.core.commands import AnyCommand, Command, decode_command, encode_command
from cnnstudio.core.events import AnyEvent, Event, decode_event, encode_event

MAXIMUM_BYTES: Final = 64 * 1024 * 1024
"""A longer message is nonsense: the largest honest one is a Predict with some hundred thousand paths."""


class Nonsense(Exception):
    """What came through the pipe is no message of ours; `sample` is its beginning, for the report."""

    def __init__(self, sample: str) -> None:
        super().__init__(sample)
        self.sample = sample


def send_event(connection: Connection, event: Event) -> None:
    """Raises OSError when nobody listens any more."""
    connection.send_bytes(encode_event(event))


def send_command(connection: Connection, command: Command) -> None:
    """Raises OSError when nobody listens any more."""
    connection.send_bytes(encode_command(command))


def receive_event(connection: Connection) -> AnyEvent:
    """The next event; raises EOFError at the end and Nonsense for anything that is not an event."""
    data = _receive(connection)
    try:
        return decode_event(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as trouble:
        raise Nonsense(_sample(data)) from trouble


def receive_command(connection: Connection) -> AnyCommand:
    """The next command; raises EOFError at the end and Nonsense for anything that is not a command."""
    data = _receive(connection)
    try:
        return decode_command(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as trouble:
        raise Nonsense(_sample(data)) from trouble


def _receive(connection: Connection) -> bytes:
    try:
        return connection.recv_bytes(MAXIMUM_BYTES)
    except EOFError:
        raise
    except ConnectionError as trouble:
        raise EOFError from trouble
    except OSError as trouble:
        # A length that cannot be: the stream is out of step and nothing after it can be trusted.
        if trouble.errno is None or "length" in str(trouble):
            raise Nonsense(str(trouble)) from trouble
        raise EOFError from trouble


def _sample(data: bytes) -> str:
    return data[:200].decode("utf-8", "backslashreplace")
