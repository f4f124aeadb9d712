"""Tokens: in a keyring, else in a file that only its owner can read."""

from __future__ import annotations

import stat
import sys
import types

import pytest

from cnnstudio.core.clusters import clusters_path
from cnnstudio.core.problems import ProblemError
from cnnstudio.workers.cluster.tokens import file_notice, forget_token, keep_token, read_token


class Keyring:
    """A keyring in memory, which may be locked."""

    def __init__(self):
        self.held, self.locked = {}, False

    def get_keyring(self):
        return self

    def _use(self):
        if self.locked:
            raise self.errors.KeyringError("locked")

    def set_password(self, service, name, token):
        self._use()
        self.held[service, name] = token

    def get_password(self, service, name):
        self._use()
        return self.held.get((service, name))

    def delete_password(self, service, name):
        self._use()
        if (service, name) not in self.held:
            raise self.errors.KeyringError("no such")
        del self.held[service, name]


@pytest.fixture
def keyring(monkeypatch):
    ring = Keyring()
    ring.errors = types.SimpleNamespace(KeyringError=type("KeyringError", (Exception,), {}))
    backends = types.ModuleType("keyring.backends")
    backends.fail = types.SimpleNamespace(Keyring=type("Fail", (), {}))
    backends.null = types.SimpleNamespace(Keyring=type("Null", (), {}))
    ring.backends = backends
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.backends", backends)
    return ring


def token_file():
    return clusters_path().parent / "tokens" / "lab"


@pytest.mark.usefixtures("keyring")
def test_a_token_goes_into_the_keyring():
    assert keep_token("lab", "secret-of-the-lab") == "keyring"
    assert read_token("lab") == "secret-of-the-lab"
    assert not token_file().exists()
    forget_token("lab")
    assert read_token("lab") == ""


def test_without_a_keyring_only_the_owner_reads_the_file():
    assert keep_token("lab", " secret-of-the-lab\n") == "file"
    assert stat.S_IMODE(token_file().stat().st_mode) == 0o600
    assert read_token("lab") == "secret-of-the-lab"
    assert str(token_file()) in file_notice("lab").text.en
    keep_token("lab", "another")
    assert read_token("lab") == "another"
    forget_token("lab")
    assert not token_file().exists()
    assert read_token("lab") == ""


def test_a_locked_keyring_is_no_reason_to_fail(keyring):
    keyring.locked = True
    assert keep_token("lab", "secret") == "file"
    assert read_token("lab") == "secret"
    keyring.locked = False
    assert keep_token("lab", "secret-2") == "keyring"
    assert not token_file().exists()


@pytest.mark.parametrize("token", ["", "two words", "line\nline", "contraseña"])
def test_what_is_no_token_is_refused(token):
    with pytest.raises(ProblemError) as refused:
        keep_token("lab", token)
    assert refused.value.problems[0].code == "bad_token"
