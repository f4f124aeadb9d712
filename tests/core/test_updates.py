"""The notice of a newer version: asked for on demand only, and never taken from an answer that makes no sense."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cnnstudio import __version__, cli
from cnnstudio.core import updates
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.settings import Settings


class Feed(HTTPServer):
    answer = b""
    asked = 0


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Feed]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked += 1
            self.send_response(200)
            self.end_headers()
            self.wfile.write(server.answer)

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    server = Feed(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("CNNSTUDIO_RELEASES", f"http://127.0.0.1:{server.server_port}/latest")
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_it_is_off_unless_switched_on():
    assert Settings().check_updates is False


@pytest.mark.parametrize(("tag", "newer"), [
    ("v99.1", "99.1"), ("99.0.0rc1", "99.0.0rc1"), (f"v{__version__}", None), ("0.0.1", None)])
def test_only_a_newer_version_is_told(feed, tag, newer):
    feed.answer = json.dumps({"tag_name": tag}).encode()
    assert updates.newer_version() == newer


@pytest.mark.parametrize("answer", [
    b"", b"<html>", b"[]", b"{}", b'{"tag_name": "latest"}', b'{"tag_name": null}', b"[" * 100_000])
def test_an_answer_that_makes_no_sense_is_a_problem(feed, answer):
    feed.answer = answer
    with pytest.raises(ProblemError) as raised:
        updates.newer_version()
    assert raised.value.problems[0].code == "offline"


def test_the_command_asks_once_and_tells_what_failed(feed, capsys):
    feed.answer = b'{"tag_name": "v99.1"}'
    assert cli.main(["doctor", "--check-update", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["newer"] == "99.1"
    feed.answer = b""
    assert cli.main(["doctor", "--check-update"]) == 2
    assert "newest version" in capsys.readouterr().err
    assert feed.asked == 2


def test_a_build_without_an_address_asks_nobody(monkeypatch, capsys):
    monkeypatch.delenv("CNNSTUDIO_RELEASES", raising=False)
    monkeypatch.setattr(updates, "_address", lambda _name: "")
    assert cli.main(["doctor", "--check-update"]) == 2
    assert "no address" in capsys.readouterr().err
