"""The token of a service: a secret in a file that only its owner can read."""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path
from typing import Final

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.foreign_files import open_regular
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text

_MOST_BYTES: Final = 4096
_ALLOWED: Final = re.compile(r"[A-Za-z0-9\-._~+/]{20,1024}=*")
"""The characters that a token may have in a header (RFC 6750), and so many that it cannot be guessed."""


def write_new_token(path: Path) -> None:
    """Write a new random token into a new file that only its owner can read; raises ProblemError, also where the file
    exists."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        text = Text("{path} exists already. Start the service without --new-token to use its token, or choose another file.",
                    "{path} ya existe. Inicie el servicio sin --new-token para usar su token o elija otro archivo.")
        raise ProblemError(error("token_exists", text.fill(path=path), "file", path=path)) from None
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, path)) from os_error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32) + "\n")


def read_token(path: Path) -> str:
    """The token in a file; raises ProblemError where others can read it, or where it is none."""
    try:
        with open_regular(path, _MOST_BYTES) as file:
            facts = os.fstat(file.fileno())
            token = file.read(_MOST_BYTES).decode("ascii", "replace").strip()
    except OSError as os_error:
        text = Text("The token file {path} cannot be read: {reason}. To write a new one: --token-file {path} --new-token.",
                    "No se puede leer el archivo de token {path}: {reason}. Para escribir uno nuevo: --token-file {path} "
                    "--new-token.")
        raise ProblemError(error("token_unreadable", text.fill(path=path, reason=reason_of(os_error)), "file",
                                 path=path)) from os_error
    if os.name == "posix" and stat.S_IMODE(facts.st_mode) & 0o077:
        text = Text("Other users of this computer can read or change the token file {path}. Make it yours alone: chmod 600 "
                    "{path}",
                    "Otros usuarios de este equipo pueden leer o cambiar el archivo de token {path}. Hágalo solo suyo: chmod "
                    "600 {path}")
        raise ProblemError(error("token_open", text.fill(path=path), "file", path=path))
    if not _ALLOWED.fullmatch(token):
        text = Text("{path} holds no usable token: a token is one line of at least 20 letters, digits or -._~+/. To write a "
                    "new one: --token-file FILE --new-token.",
                    "{path} no contiene un token válido: un token es una línea de al menos 20 letras, cifras o -._~+/. Para "
                    "escribir uno nuevo: --token-file ARCHIVO --new-token.")
        raise ProblemError(error("bad_token", text.fill(path=path), "file", path=path))
    return token
