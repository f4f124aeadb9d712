"""Stacks of pictures in array files (.npy, .npz, MNIST IDX), read picture by picture and never unpickled."""

from __future__ import annotations

import gzip
import io
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.sources.staging import cannot_read

LARGEST_SIDE: Final = 30_000
_BATCH_BYTES: Final = 8 << 20
_LABEL_BYTES: Final = 256 << 20
_IDX_TYPES: Final = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
BROKEN: Final = (OSError, EOFError, ValueError, KeyError, zlib.error, struct.error, zipfile.BadZipFile, MemoryError,
                 NotImplementedError, RuntimeError, SyntaxError, TypeError)


class Array(msgspec.Struct, frozen=True, kw_only=True):
    """An array in a file, described by its header. `member` is its name in an .npz; "" elsewhere."""

    path: Path
    name: str
    member: str
    shape: tuple[int, ...]
    dtype: str
    fortran: bool = False
    idx: bool = False

    @property
    def kind(self) -> str:
        """NumPy's kind: u, i, f, b for numbers, U and S for strings."""
        return np.dtype(self.dtype).kind

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


def is_idx_name(name: str) -> bool:
    """Whether a file has a name as in MNIST."""
    lower = name.lower().removesuffix(".gz")
    return lower.endswith("-ubyte") or lower.endswith((".idx1", ".idx2", ".idx3", ".idx4", ".idx"))


def arrays_in(path: Path) -> list[Array]:
    """The arrays of a file; raises ProblemError when it is damaged or holds objects instead of numbers."""
    try:
        if path.suffix.lower() == ".npz":
            return _npz_arrays(path)
        with _stream(path, "") as file:
            if path.suffix.lower() == ".npy":
                return [_npy_head(path, path.stem, "", file)]
            return [_idx_head(path, file)]
    except BROKEN as err:
        raise ProblemError(cannot_read(path, _reason(err))) from err


def _reason(exception: BaseException) -> Text:
    if "Object arrays" in str(exception):
        return Text("it contains Python objects, which could run foreign code; save only the numbers",
                    "contiene objetos de Python, que podrían ejecutar código ajeno; guarde solo los números")
    if isinstance(exception, OSError) and exception.errno is not None:
        return reason_of(exception)
    message = str(exception).splitlines()[0][:200] if str(exception) else type(exception).__name__
    return Text(message, message)


def _npz_arrays(path: Path) -> list[Array]:
    result = []
    with zipfile.ZipFile(path) as file:
        for info in file.infolist():
            if info.filename.lower().endswith(".npy"):
                with file.open(info) as stream:
                    result.append(_npy_head(path, info.filename[:-4], info.filename, stream))
    return result


def _npy_head(path: Path, name: str, member: str, file: IO[bytes]) -> Array:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    else:
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
    if dtype.hasobject:
        raise ValueError("Object arrays")
    if dtype.kind not in "uifbUS" or any(size < 0 for size in shape):
        raise ValueError(str(dtype))
    return Array(path=path, name=name, member=member, shape=shape, dtype=dtype.str, fortran=fortran)


def _idx_head(path: Path, file: IO[bytes]) -> Array:
    zeros, kind, depth = struct.unpack(">HBB", file.read(4))
    if zeros or kind not in _IDX_TYPES or not 1 <= depth <= 4:
        raise ValueError("no IDX file")
    shape = struct.unpack(f">{depth}I", file.read(4 * depth))
    name = path.name.lower().removesuffix(".gz")
    return Array(path=path, name=name, member="", shape=shape, dtype=_IDX_TYPES[kind], idx=True)


@contextmanager
def _stream(path: Path, member: str) -> Iterator[IO[bytes]]:
    """The bytes of an array file, decompressed."""
    if member:
        with zipfile.ZipFile(path) as file, file.open(member) as stream:
            yield stream
    else:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if packed:
                with gzip.open(raw, "rb") as unpacked:
                    yield cast("IO[bytes]", unpacked)
            else:
                yield raw


@contextmanager
def _at_data(array: Array) -> Iterator[IO[bytes]]:
    with _stream(array.path, array.member) as stream:
        if array.idx:
            stream.read(4 + 4 * len(array.shape))
        else:
            _npy_head(array.path, array.name, array.member, stream)
        yield stream


def read_whole(array: Array) -> NDArray[Any]:
    """All of a small array (labels, names); raises ProblemError."""
    try:
        if array.nbytes > _LABEL_BYTES:
            raise ValueError(f"{array.nbytes} bytes")
        with _at_data(array) as stream:
            data = _exactly(stream, array.nbytes)
        flat = np.frombuffer(data, np.dtype(array.dtype))
        return flat.reshape(array.shape, order="F" if array.fortran else "C")
    except BROKEN as err:
        raise ProblemError(cannot_read(array.path, _reason(err))) from err


def batches(array: Array) -> Iterator[NDArray[Any]]:
    """An array in pieces along its first axis, a few megabytes each; raises ProblemError."""
    try:
        if array.fortran:
            # In Fortran order the first axis is scattered over the file: this rare order is read at once.
            with _at_data(array) as stream:
                data = _exactly(stream, array.nbytes)
            yield np.frombuffer(data, np.dtype(array.dtype)).reshape(array.shape, order="F")
            return
        single = array.nbytes // max(array.shape[0], 1)
        step = max(1, _BATCH_BYTES // max(single, 1))
        with _at_data(array) as stream:
            for begin in range(0, array.shape[0], step):
                number = min(step, array.shape[0] - begin)
                data = _exactly(stream, number * single)
                yield np.frombuffer(data, np.dtype(array.dtype)).reshape(number, *array.shape[1:])
    except BROKEN as err:
        raise ProblemError(cannot_read(array.path, _reason(err))) from err


def _exactly(stream: IO[bytes], size: int) -> bytes:
    """That many bytes, read in pieces, so that a false header does not allocate memory."""
    gathered = io.BytesIO()
    while gathered.tell() < size:
        piece = stream.read(min(1 << 20, size - gathered.tell()))
        if not piece:
            raise EOFError(f"{gathered.tell()} of {size} bytes")
        gathered.write(piece)
    return gathered.getvalue()
