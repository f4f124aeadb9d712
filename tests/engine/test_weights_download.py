"""Fetching weights from a file server on this machine: progress, resume, checksums, and no connection."""

from __future__ import annotations

import hashlib
import http.server
import threading

import numpy as np
import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine.weights_download import check_file, download, take_file

CONTENT = bytes(range(256)) * 2000
CHECKSUM = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server():
    """Serves CONTENT; `behaviour` may cut it short or ignore ranges. `ranges` are those that were asked for."""
    class Handler(http.server.BaseHTTPRequestHandler):
        behaviour = "good"
        ranges = []

        def do_GET(self):
            wanted = self.headers.get("Range")
            Handler.ranges.append(wanted)
            if self.path != "/weights":
                self.send_error(404)
                return
            begin = int(wanted[6:-1]) if wanted and Handler.behaviour != "no ranges" else 0
            if begin >= len(CONTENT):
                self.send_error(416)
                return
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(len(CONTENT) - begin))
            self.end_headers()
            body = CONTENT[begin:]
            self.wfile.write(body[:100_000] if Handler.behaviour == "cut" else body)

        def log_message(self, *arguments):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    Handler.url = f"http://127.0.0.1:{running.server_port}/weights"
    yield Handler
    running.shutdown()
    running.server_close()


def fetch(url, target, checksum=CHECKSUM):
    seen = []
    download(url, target, checksum, lambda *each: seen.append(each), lambda: None)
    return seen


def code_of(url, target, checksum=CHECKSUM):
    with pytest.raises(ProblemError) as problem:
        fetch(url, target, checksum)
    return problem.value.problems[0].code


def test_a_download(server, tmp_path):
    seen = fetch(server.url, tmp_path / "new" / "weights")
    assert (tmp_path / "new" / "weights").read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["weights"]


def test_it_goes_on_where_it_broke_off(server, tmp_path):
    server.behaviour = "cut"
    assert code_of(server.url, tmp_path / "w") == "offline"
    server.behaviour = "good"
    fetch(server.url, tmp_path / "w")
    assert (tmp_path / "w").read_bytes() == CONTENT
    assert server.ranges[-2:] == [None, "bytes=100000-"]


def test_a_server_without_ranges_starts_again(server, tmp_path):
    (tmp_path / "w.part").write_bytes(b"x" * 5000)
    server.behaviour = "no ranges"
    fetch(server.url, tmp_path / "w")
    assert (tmp_path / "w").read_bytes() == CONTENT


def test_a_part_that_is_whole_already(server, tmp_path):
    (tmp_path / "w.part").write_bytes(CONTENT)
    fetch(server.url, tmp_path / "w")
    assert (tmp_path / "w").read_bytes() == CONTENT


def test_a_wrong_checksum_is_thrown_away(server, tmp_path):
    assert code_of(server.url, tmp_path / "w", "md5:" + "0" * 32) == "wrong_checksum"
    assert list(tmp_path.iterdir()) == []


def test_no_such_file_and_no_server(server, tmp_path):
    assert code_of(server.url + "x", tmp_path / "w") == "download_failed"
    assert code_of("http://127.0.0.1:9/weights", tmp_path / "w") == "offline"


def test_a_base_without_a_checksum_takes_no_file_of_something_else(tmp_path):
    base = BASES["mobilenet_v2"]
    assert not base.weights.checksum
    page, small = tmp_path / "page.h5", tmp_path / "small.npz"
    page.write_text("<html>Please log in</html>")
    np.savez(small, **{"Conv1/0": np.zeros((3, 3, 3, 32), np.float32)})
    for file in (page, small):
        with pytest.raises(ProblemError) as told:
            check_file(base, file)
        assert told.value.problems[0].code == "weights_unfit"
    check_file(BASES["vgg16"], page)  # There the checksum decides.


def test_a_file_of_the_user(tmp_path):
    (tmp_path / "mine").write_bytes(CONTENT)
    take_file(tmp_path / "mine", tmp_path / "cache" / "w", CHECKSUM)
    assert (tmp_path / "cache" / "w").read_bytes() == CONTENT
    for source, checksum in (("missing", CHECKSUM), ("mine", "sha256:00")):
        with pytest.raises(ProblemError):
            take_file(tmp_path / source, tmp_path / "cache" / "w", checksum)
