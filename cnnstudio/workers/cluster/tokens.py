"""Tokens of clusters: in the system's keyring, or, where there is none, in files that only their owner can read."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, Final, Literal

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.foreign_files import SMALL, read_bytes
from cnnstudio.core.own_folders import NO_FOLLOW
from cnnstudio.core.places import config_folder
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text

SERVICE: Final = "CNN Studio"
Kept = Literal["keyring", "file"]


def keep_token(name: str, token: str) -> Kept:
    """Keep the token of a cluster; returns where. Raises ProblemError."""
    token = token.strip()
    if not token or any(character.isspace() or not character.isprintable() or ord(character) > 126 for character in token):
        text = Text("A token is one line of letters, digits and signs, without spaces.",
                    "Un token es una línea de letras, cifras y signos, sin espacios.")
        raise ProblemError(error("bad_token", text, "machine", field="token"))
    keyring = _keyring()
    if keyring is not None:
        try:
            keyring.set_password(SERVICE, name, token)
        except _failures(keyring):
            pass
        else:
            with contextlib.suppress(OSError):
                _path(name).unlink()
            return "keyring"
    _write(_path(name), token)
    return "file"


def read_token(name: str) -> str:
    """The token of a cluster; "" where none is kept."""
    keyring = _keyring()
    if keyring is not None:
        with contextlib.suppress(*_failures(keyring)):
            token = keyring.get_password(SERVICE, name)
            if token:
                return str(token)
    try:
        return read_bytes(_path(name), SMALL).decode("ascii", "replace").strip()
    except OSError:
        return ""


def forget_token(name: str) -> None:
    """Remove the token of a cluster wherever it is."""
    keyring = _keyring()
    if keyring is not None:
        with contextlib.suppress(*_failures(keyring)):
            keyring.delete_password(SERVICE, name)
    with contextlib.suppress(OSError):
        _path(name).unlink()


def file_notice(name: str) -> Problem:
    """What the user should know where a token could not go into a keyring."""
    text = Text("This system has no keyring that the program can use. The token is in {path}, which only you can read.",
                "Este sistema no tiene un llavero que el programa pueda usar. El token está en {path}, que solo usted puede "
                "leer.")
    return warning("token_in_file", text.fill(path=_path(name)), "machine", path=_path(name))


def _path(name: str) -> Path:
    return config_folder() / "tokens" / name


def _write(path: Path, token: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token + "\n")
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, path)) from os_error


def _keyring() -> Any:
    """The library with a backend that keeps something; None where there is none."""
    try:
        import keyring
        from keyring.backends import fail, null
    except ImportError:
        return None
    try:
        backend = keyring.get_keyring()
    except (RuntimeError, OSError):
        return None
    return None if isinstance(backend, fail.Keyring | null.Keyring) else keyring


def _failures(keyring: Any) -> tuple[type[Exception], ...]:
    """What a keyring raises: it is locked, its service is gone, or the user refused."""
    return (keyring.errors.KeyringError, OSError, RuntimeError)
