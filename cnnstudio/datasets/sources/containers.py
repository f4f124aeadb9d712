"""A common interface of zip and tar files: their members and contents."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Protocol

import msgspec

BROKEN: Final = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, NotImplementedError,
                 RuntimeError, ValueError, KeyError, IndexError)
"""Exceptions of the libraries for damaged archives."""


class Raw(msgspec.Struct, frozen=True, kw_only=True):
    """A member as listed in the archive. `kind`: "" for a file, "folder", or links, devices, encrypted."""

    name: str
    size: int
    kind: str
    handle: Any


class Container(Protocol):
    """The interface of both kinds."""

    def members(self) -> Iterator[Raw]: ...

    def open(self, handle: Any) -> IO[bytes]: ...

    def overlaps(self) -> bool: ...


class _Zip:
    def __init__(self, file: zipfile.ZipFile, size: int) -> None:
        self._file, self._size = file, size

    def members(self) -> Iterator[Raw]:
        for info in self._file.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == 3 else 0
            problem = ""
            if info.is_dir():
                problem = "folder"
            elif kind == stat.S_IFLNK:
                problem = "links"
            elif kind not in (0, stat.S_IFREG):
                problem = "devices"
            elif info.flag_bits & 1:
                problem = "encrypted"
            yield Raw(name=_zip_name(info), size=info.file_size, kind=problem, handle=info)

    def open(self, handle: Any) -> IO[bytes]:
        return self._file.open(handle)

    def overlaps(self) -> bool:
        places = sorted((info.header_offset, info.compress_size) for info in self._file.infolist())
        ends = [begin + size for begin, size in places]
        return any(begin < end for (begin, _size), end in zip(places[1:], ends, strict=False)) or (
            sum(size for _begin, size in places) > self._size)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Names without the flag for UTF-8 are often UTF-8 anyway."""
    name = getattr(info, "orig_filename", info.filename)
    if info.flag_bits & 0x800:
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return name


class _Tar:
    def __init__(self, file: tarfile.TarFile, stream: _LimitedStream) -> None:
        self._file, self._stream = file, stream

    def members(self) -> Iterator[Raw]:
        for info in self._file:
            if info.isdir():
                problem = "folder"
            elif info.issym() or info.islnk():
                problem = "links"
            elif not info.isreg() or info.issparse():
                problem = "devices"
            else:
                problem = ""
            yield Raw(name=info.name, size=info.size if info.isreg() else 0, kind=problem, handle=info)
        # A whole archive ends with a block of zeros; tarfile takes one that is cut between members for whole.
        self._stream.seek(self._file.offset)
        if self._stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("unexpected end of data")
        # The checksum is behind the padding at the end.
        for _piece in range(64):
            if not self._stream.read(1 << 18):
                break

    def overlaps(self) -> bool:
        return False

    def open(self, handle: Any) -> IO[bytes]:
        stream = self._file.extractfile(handle)
        if stream is None:
            raise tarfile.ReadError(str(handle))
        return stream


class _LimitedStream(io.RawIOBase):
    """A decompressed stream that limits the size of a read and of the whole."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream, self._limit = stream, limit

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0 or size > 64 << 20:
            raise tarfile.ReadError("size")
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 0 and offset > self._limit:
            raise tarfile.ReadError("size")
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


@contextmanager
def open_archive(path: Path, limit: int) -> Iterator[Container]:
    """Open an archive by its content, not its name; of a tar at most `limit` bytes are decompressed."""
    with path.open("rb") as raw:
        head = raw.read(8)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as file:
            yield _Zip(file, path.stat().st_size)
        return
    with _decompressed(path, head) as stream:
        guarded = _LimitedStream(stream, limit)
        # Sparse files and the like are refused anyway; names are checked in `archives`.
        with tarfile.open(fileobj=guarded, mode="r:", encoding="utf-8", errors="surrogateescape") as tar:
            yield _Tar(tar, guarded)


def _decompressed(path: Path, head: bytes) -> Any:
    if head.startswith(b"\x1f\x8b"):
        return gzip.open(path, "rb")
    if head.startswith(b"BZh"):
        return bz2.open(path, "rb")
    if head.startswith(b"\xfd7zXZ\x00"):
        return lzma.open(path, "rb")
    return path.open("rb")
