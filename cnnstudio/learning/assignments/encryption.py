"""The hidden pictures inside the students' file: encrypted with a passphrase by the library `cryptography`.

AES-256-GCM, whose key scrypt derives from the passphrase. What the header says is authenticated, too.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.foreign_files import decode_json
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.learning.assignments.sealed import damaged

SHORTEST: Final = 8
"""Characters of a passphrase."""
LARGEST: Final = 1 << 30
"""Bytes that are encrypted in one piece."""
_COST: Final = 1 << 17
_MOST_COST: Final = 1 << 20
"""A foreign file must not ask for more than a gigabyte of memory."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """How the key is derived: the parameters of scrypt, its salt, and the nonce of AES-GCM, as hexadecimal digits."""

    cipher: str = "aes-256-gcm"
    derivation: str = "scrypt"
    cost: int = _COST
    block: int = 8
    lanes: int = 1
    salt: str
    nonce: str


def encrypt(data: bytes, passphrase: str) -> bytes:
    """A line with the header, and behind it the encrypted bytes. Raises ProblemError (weak_passphrase, hidden_too_large)."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(passphrase) < SHORTEST:
        raise ProblemError(weak_passphrase())
    if len(data) > LARGEST:
        text = Text("The hidden pictures take more than {n} MB, too much to lie encrypted in the students' file. Keep them "
                    "apart in a key.",
                    "Las imágenes ocultas ocupan más de {n} MB, demasiado para ir cifradas en el archivo del alumnado. "
                    "Guárdelas aparte en una clave.")
        raise ProblemError(error("hidden_too_large", text.fill(n=LARGEST >> 20), "file"))
    header = Header(salt=os.urandom(16).hex(), nonce=os.urandom(12).hex())
    line = msgspec.json.encode(header)
    return line + b"\n" + AESGCM(_derived(header, passphrase)).encrypt(bytes.fromhex(header.nonce), data, line)


def decrypt(data: bytes, passphrase: str, path: Path) -> bytes:
    """What was encrypted; `path` names its file in problems. Raises ProblemError (wrong_passphrase, damaged_sealed)."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    line, _separator, content = data.partition(b"\n")
    try:
        header = decode_json(line, Header)
        nonce = bytes.fromhex(header.nonce)
        if header.cipher != "aes-256-gcm" or header.derivation != "scrypt" or len(nonce) != 12 or not (
                2 <= header.cost <= _MOST_COST and header.cost & (header.cost - 1) == 0 and 1 <= header.block <= 8
                and 1 <= header.lanes <= 4):
            raise ValueError("unknown parameters of the encryption")
        key = _derived(header, passphrase)
    except ValueError as value_error:
        raise ProblemError(damaged(path, Text("{reason}", "{reason}").fill(reason=str(value_error)))) from value_error
    try:
        return AESGCM(key).decrypt(nonce, content, line)
    except InvalidTag as invalid:
        raise ProblemError(_wrong(path)) from invalid


def _derived(header: Header, passphrase: str) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=bytes.fromhex(header.salt), length=32, n=header.cost, r=header.block, p=header.lanes).derive(
        passphrase.encode("utf-8", "surrogatepass"))


def weak_passphrase() -> Problem:
    """The problem of a passphrase that can be guessed."""
    text = Text("The passphrase needs at least {n} characters: whoever guesses it sees the hidden pictures.",
                "La frase de contraseña necesita al menos {n} caracteres: quien la adivine ve las imágenes ocultas.")
    return error("weak_passphrase", text.fill(n=SHORTEST), "file", field="passphrase")


def _wrong(path: Path) -> Problem:
    text = Text("The hidden pictures in {path} cannot be decrypted: the passphrase is wrong, or the file was changed.",
                "No se pueden descifrar las imágenes ocultas de {path}: la frase de contraseña es incorrecta o el archivo se "
                "ha modificado.")
    return error("wrong_passphrase", text.fill(path=path), "file", path=path, field="passphrase")
