"""The token of a service in its file."""

from __future__ import annotations

import os

import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.workers.service.tokens import read_token, write_new_token

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


def problem_of(function, path):
    with pytest.raises(ProblemError) as raised:
        function(path)
    return raised.value.problems[0]


def test_a_new_token_is_secret_and_another_every_time(tmp_path):
    paths = [tmp_path / "one", tmp_path / "two"]
    for path in paths:
        write_new_token(path)
    one, two = map(read_token, paths)
    assert one != two and len(one) > 40
    if os.name == "posix":
        assert paths[0].stat().st_mode & 0o777 == 0o600


def test_a_file_that_exists_is_not_replaced(tmp_path):
    path = tmp_path / "token"
    path.write_text("something else")
    assert problem_of(write_new_token, path).code == "token_exists"
    assert path.read_text() == "something else"


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_can_read_or_change_is_refused(tmp_path, mode):
    path = tmp_path / "token"
    write_new_token(path)
    path.chmod(mode)
    found = problem_of(read_token, path)
    assert found.code == "token_open" and f"chmod 600 {path}" in found.text.en


@pytest.mark.parametrize("content", [
    b"", b"short", b"two words are no token at all", b"\xff" * 30, b"a" * 30 + b"\n" + b"b" * 30])
def test_what_is_no_token_is_refused(tmp_path, content):
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(0o600)
    assert problem_of(read_token, path).code == "bad_token"


@posix
def test_what_is_no_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "nothing", ""):
        assert problem_of(read_token, tmp_path / name).code == "token_unreadable"
