"""The shared storage of a cluster: a folder or anything that fsspec reaches, with whole files by name."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text
from cnnstudio.workers.cluster.cluster_problems import storage_problem


def _errors() -> tuple[type[Exception], ...]:
    """What file systems raise. Those of S3 have errors that are no OSError."""
    kinds: tuple[type[Exception], ...] = (OSError, ValueError, ImportError)
    with contextlib.suppress(ImportError):
        from botocore.exceptions import BotoCoreError, ClientError

        kinds = (*kinds, BotoCoreError, ClientError)
    return kinds


class Storage:
    """Every method raises ProblemError (storage_full, storage_unusable); names are relative, with "/"."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._errors = _errors()
        try:
            import fsspec

            options: dict[str, Any] = {"use_listings_cache": False} if url.startswith("s3:") else {}
            self._files, self._root = fsspec.core.url_to_fs(url, **options)
            self._root = self._root.rstrip("/")
            self._is_folder = "file" in ((self._files.protocol,) if isinstance(self._files.protocol, str)
                                         else self._files.protocol)
        except self._errors as err:
            raise ProblemError(storage_problem(url, err)) from err

    def check(self) -> None:
        """Whether it is there and can be written. The folder of a share that is not mounted must not be made here."""
        if self._is_folder and not Path(self._root).is_dir():
            raise ProblemError(storage_problem(self.url, Text("there is no such folder", "no existe esa carpeta")))
        name = f".check-{os.urandom(4).hex()}"
        self.write(name, b"1")
        self.remove(name)

    def path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file; in a folder it takes its name when it is complete."""
        try:
            if self._is_folder:
                self._write_beside(self.path(name), data)
            else:
                self._files.pipe_file(self.path(name), data)
        except self._errors as err:
            raise ProblemError(storage_problem(self.url, err)) from err

    def _write_beside(self, path: str, data: bytes) -> None:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise

    def read(self, name: str, begin: int = 0) -> bytes | None:
        """The bytes from `begin` on, of which there is one at least; None where there is no such file."""
        try:
            data: bytes = self._files.cat_file(self.path(name), start=begin or None)
        except FileNotFoundError:
            return None
        except self._errors as err:
            raise ProblemError(storage_problem(self.url, err)) from err
        return data

    def size(self, name: str) -> int | None:
        """Its bytes; None where there is no such file."""
        try:
            return int(self._files.info(self.path(name))["size"])
        except FileNotFoundError:
            return None
        except self._errors as err:
            raise ProblemError(storage_problem(self.url, err)) from err

    def sizes(self, folder: str) -> dict[str, int]:
        """The files below a folder, by their names in it; none where there is no such folder."""
        root = self.path(folder).rstrip("/")
        try:
            found = self._files.find(root, detail=True)
        except FileNotFoundError:
            return {}
        except self._errors as err:
            raise ProblemError(storage_problem(self.url, err)) from err
        inside = {str(path)[len(root) + 1:]: int(facts.get("size") or 0) for path, facts in found.items()}
        return {name: size for name, size in inside.items() if name and not Path(name).name.startswith(".")}

    def send(self, path: Path, name: str) -> None:
        """Copy a file of this machine there."""
        try:
            data = path.read_bytes()
        except OSError as os_error:
            raise ProblemError(storage_problem(str(path), os_error)) from os_error
        self.write(name, data)

    def fetch(self, name: str, path: Path) -> None:
        """Copy a file from there to this machine, where it takes its name when it is complete."""
        data = self.read(name)
        if data is None:
            raise ProblemError(storage_problem(self.url, Text("{name} is missing", "falta {name}").fill(name=name)))
        from cnnstudio.core.atomic import write_atomically

        write_atomically(path, data)

    def remove(self, name: str, whole_folder: bool = False) -> None:
        """Remove a file, or all of a folder; nothing where there is none."""
        try:
            self._files.rm(self.path(name), recursive=whole_folder)
        except FileNotFoundError:
            return
        except self._errors as err:
            raise ProblemError(storage_problem(self.url, err)) from err
