"""Messages on an endpoint, decoded by msgspec against the declared types, without pickle."""

from __future__ import annotations

from cnnstudio.core.commands import Command
from cnnstudio.core.events import Event
from cnnstudio.core.messages import decode_command, decode_event, encode_command, encode_event
from cnnstudio.workers.transport import Endpoint, ProtocolError


def send_event(endpoint: Endpoint, event: Event) -> None:
    """Send a message; raises OSError or ValueError if the other end is gone."""
    endpoint.send(encode_event(event))


def send_command(endpoint: Endpoint, command: Command) -> None:
    """Send a message; raises OSError or ValueError if the other end is gone."""
    endpoint.send(encode_command(command))


def receive_event(endpoint: Endpoint) -> Event:
    """The next event; raises EOFError at the end and ProtocolError for anything that is not an event."""
    data = endpoint.receive()
    try:
        return decode_event(data)
    except ValueError as error:
        raise ProtocolError(_sample(data)) from error


def receive_command(endpoint: Endpoint) -> Command:
    """The next command; raises EOFError at the end and ProtocolError for anything that is not a command."""
    data = endpoint.receive()
    try:
        return decode_command(data)
    except ValueError as error:
        raise ProtocolError(_sample(data)) from error


def _sample(data: bytes) -> str:
    return data[:200].decode("utf-8", "backslashreplace")
