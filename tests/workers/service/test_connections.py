"""Clients that are slow, break off, or do not speak HTTP."""

from __future__ import annotations

import socket

import pytest

from cnnstudio.workers.service import connections
from tests.workers.service.running import answer_of, request, running


@pytest.fixture
def watched(monkeypatch):
    monkeypatch.setattr(connections, "GRACE_SECONDS", 0.5)
    monkeypatch.setattr(connections, "HEADER_SECONDS", 1.0)
    with running(upload_seconds=1, max_bytes=100_000) as found:
        yield found


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side closes without an answer."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("begin", [b"", b"POST /predict HTT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: "])
def test_a_head_that_does_not_come_is_not_waited_for(watched, begin):
    with watched.connect() as connection:
        connection.sendall(begin)
        assert is_closed(connection)
    assert watched.ask(b"1")[0] == 200


def test_the_next_head_of_a_connection_is_not_waited_for_either(watched):
    with watched.connect() as connection:
        connection.sendall(request(b"1"))
        assert answer_of(connection)[0] == 200
        connection.sendall(b"POST /pre")
        assert is_closed(connection)


@pytest.mark.parametrize("more", ["", "Expect: 100-continue\r\n"])
def test_a_body_that_does_not_come_is_told_and_given_up(watched, more):
    with watched.connect() as connection:
        connection.sendall(request(b"", more, length=50))
        if more:
            assert connection.recv(100).startswith(b"HTTP/1.1 100")
        status, answer = answer_of(connection)
        assert (status, answer["problem"]["code"]) == (408, "too_slow")
        assert is_closed(connection)


def test_a_body_that_trickles_is_given_up_too(watched):
    with watched.connect() as connection:
        connection.sendall(request(b"1", length=50))
        connection.settimeout(0.1)
        received = b""
        for _ in range(60):
            try:
                connection.sendall(b"1")
                received += connection.recv(65536)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            if b"too_slow" in received:
                break
        assert b"408" in received.split(b"\r\n")[0]


def test_a_body_that_breaks_off_leaves_nothing_behind(watched):
    for _ in range(20):
        with watched.connect() as connection:
            connection.sendall(request(b"1" * 10, length=50))
    with watched.connect() as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
                           b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc")
    assert watched.ask(b"1")[0] == 200
    with watched.connect() as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"cnnstudio_held_bytes 0.0" in text


def test_a_body_of_unknown_length_is_bounded_while_it_comes(watched):
    with watched.connect() as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
                           b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(30):
            connection.sendall(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
        status, answer = answer_of(connection)
        assert (status, answer["problem"]["code"]) == (413, "too_large")


def test_what_is_announced_too_large_is_refused_before_it_comes(watched):
    with watched.connect() as connection:
        connection.sendall(request(b"", "Expect: 100-continue\r\n", length=10 ** 12))
        assert answer_of(connection)[0] == 413


@pytest.mark.parametrize("nonsense", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"HELLO\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n", b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
    b"POST /predict HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a" * 200_000,
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"])
def test_what_is_no_http_is_refused(watched, nonsense):
    with watched.connect() as connection:
        # Blank lines after what is whole would be a second request, with an answer of its own.
        connection.sendall(nonsense if nonsense.endswith(b"\r\n\r\n") else nonsense + b"\r\n\r\n")
        status, answer = answer_of(connection)
    assert status in (400, 403) and answer["problem"]["code"] in ("bad_request", "unknown_host")
    assert watched.ask(b"1")[0] == 200


def test_requests_that_are_sent_ahead_are_answered_in_their_order(watched):
    with watched.connect() as connection:
        connection.sendall(request(b"1") + request(b"22"))
        assert answer_of(connection)[1]["label"] == "b"
        assert answer_of(connection)[1]["label"] == "c"


def test_more_connections_than_allowed_are_refused(monkeypatch):
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 3)
    with running() as watched:
        held = [watched.connect() for _ in range(3)]
        try:
            for connection in held:
                connection.sendall(b"GET /hea")
            with watched.connect() as connection:
                status, answer = answer_of(connection)
            assert (status, answer["problem"]["code"]) == (503, "busy")
        finally:
            for connection in held:
                connection.close()
