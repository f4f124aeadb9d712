"""Where a service may listen."""

from __future__ import annotations

import os
import socket

import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.workers.service.listening import is_loopback, listen, url_of
from cnnstudio.workers.service.settings import ServiceSettings

TOKEN = "t" * 20


def problem_of(**options):
    with pytest.raises(ProblemError) as raised:
        listen(ServiceSettings(**options)).close()
    return raised.value.problems[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.9"])
def test_any_free_port_of_this_computer(host):
    with listen(ServiceSettings(host=host, port=0)) as listener:
        address, port = listener.getsockname()[:2]
        assert is_loopback(address) and port > 0
        assert url_of(listener, host) == f"http://{host}:{port}/"


def test_every_address_has_the_name_of_the_computer():
    with listen(ServiceSettings(host="0.0.0.0", port=0, token=TOKEN)) as listener:
        assert url_of(listener, "0.0.0.0") == f"http://{socket.gethostname()}:{listener.getsockname()[1]}/"


def test_a_port_in_use_is_told():
    with listen(ServiceSettings(port=0)) as listener:
        port = listener.getsockname()[1]
        found = problem_of(port=port)
    assert found.code == "port_in_use" and str(port) in found.text.es


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])
def test_without_a_token_others_are_not_let_in(host):
    found = problem_of(host=host, port=0)
    assert found.code == "token_needed" and "--new-token" in found.text.en


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "a" * 300, "bad\x00host"])
def test_a_host_that_is_not_here_is_told(host):
    assert problem_of(host=host, port=0, token=TOKEN).code == "bad_host"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the administrator may use every port")
def test_a_port_of_the_administrator_is_told():
    assert problem_of(port=80).code == "privileged_port"


@pytest.mark.parametrize(("address", "loopback"), [
    ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("0.0.0.0", False), ("::", False), ("10.0.0.1", False),
    ("fe80::1%lo", False)])
def test_loopback(address, loopback):
    assert is_loopback(address) is loopback


@pytest.mark.parametrize(("options", "wrong"), [
    ({}, 0), ({"port": 65536}, 1), ({"port": -1, "max_bytes": 0, "max_files": 0}, 3), ({"max_bytes": 1 << 30}, 1),
    ({"allow_origins": ("*",)}, 1), ({"allow_origins": ("https://a.org/", "a.org", "null")}, 3),
    ({"allow_origins": ("https://a.org", "http://localhost:3000", "http://[::1]:80")}, 0)])
def test_settings_out_of_range_are_all_named(options, wrong):
    assert len(ServiceSettings(**options).problems()) == wrong
