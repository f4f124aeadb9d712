"""TIFF: the coded pieces of a page as pixels, in NumPy.

Whatever the file's numbers are, they become 0 to 255 in one defined way: unsigned samples of n bits are
scaled from 0..2^n-1; signed ones from their whole range -2^(n-1)..2^(n-1)-1; floating point is taken as
0..1 where no number is above 1, as 0..255 otherwise, and refused beyond. This module is copied as it is
into exported bundles.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from . import jpeg
from .errors import corrupt, truncated, unsupported
from .header import Header, decode_with_opencv, to_eight_bits
from .tiff import (
    FAX,
    JPEG,
    NAME,
    Directory,
    Piece,
    alpha_kind,
    color_samples,
    describe,
    directory,
    pieces,
    sample_kind,
    unpack,
    upright_copy,
)

_GREATEST: Final = 2**40


def pixels(data: bytes) -> NDArray[np.uint8]:
    """uint8 grey (height, width) or (height, width, 2, 3 or 4), red first, straight alpha; not turned."""
    page = directory(data)
    header = describe(page)
    photometric = page.number(262, 0 if header.channels == 1 else 2)
    if photometric not in (0, 1, 2, 3, 5, 6) or header.channels < color_samples(page):
        raise unsupported(NAME, "colors")
    if photometric == 5 and page.number(332, 1) != 1:
        raise unsupported(NAME, "colors")
    compression = page.number(259, 1)
    if compression in FAX:
        return _fax(data, page, header)
    depths = set(page.numbers(258) or (1,))
    if len(depths) != 1:
        raise unsupported(NAME, "bits")
    if compression == JPEG:
        return _colors(_jpeg_pieces(data, page, header), page, 2 if photometric == 6 else photometric, 8)
    if photometric == 6:
        return _ycbcr(data, page, header)
    samples = _samples(data, page, header)
    return _colors(samples, page, photometric, header.bit_depth)


def _piece_bytes(data: bytes, piece: Piece) -> bytes:
    if piece.offset + piece.length > len(data):
        raise truncated(NAME)
    return data[piece.offset:piece.offset + piece.length]


def _samples(data: bytes, page: Directory, header: Header) -> NDArray[Any]:
    """The stored numbers: (height, width, samples)."""
    bits = header.bit_depth
    if not 1 <= bits <= 64:
        raise unsupported(NAME, "bits")
    apart = page.number(284, 1) == 2 and header.channels > 1
    in_piece = 1 if apart else header.channels
    _, kind = sample_kind(page, bits)
    if kind is None and bits > 32:
        raise unsupported(NAME, "bits")
    predictor = page.number(317, 1)
    target = kind.newbyteorder("=") if kind is not None else np.dtype(np.uint32)
    if header.width * header.height * header.channels > _GREATEST:
        raise corrupt(NAME, "size")
    whole = np.zeros((header.height, header.width, header.channels), target)
    for piece in pieces(page, header, len(data)):
        stride = -(-piece.width * in_piece * bits // 8)
        coded = _piece_bytes(data, piece)
        raw = unpack(coded, page.number(259, 1), stride * piece.height, page.number(266, 1))
        rows = np.frombuffer(raw, np.uint8).reshape(piece.height, stride)
        if bits == 24 and page.order == "<":  # three whole bytes follow the byte order, other odd widths do not
            rows = np.ascontiguousarray(rows.reshape(piece.height, -1, 3)[..., ::-1]).reshape(piece.height, stride)
        numbers = _numbers(rows, bits, piece.width * in_piece, kind, predictor, in_piece)
        block = numbers.reshape(piece.height, piece.width, in_piece)
        block = block[:header.height - piece.top, :header.width - piece.left]
        place = whole[piece.top:piece.top + len(block), piece.left:piece.left + block.shape[1]]
        place[..., piece.plane:piece.plane + in_piece] = block
    return whole


def _numbers(rows: NDArray[np.uint8], bits: int, count: int, kind: np.dtype[np.generic] | None,
             predictor: int, step: int) -> NDArray[Any]:
    """Bytes as numbers (rows, count), with the predictor undone."""
    if predictor == 3 and kind is not None and kind.kind == "f":
        size = kind.itemsize
        summed = np.add.accumulate(rows.reshape(len(rows), -1, step), axis=1, dtype=np.uint8)
        planes = summed.reshape(len(rows), size, count)
        return np.ascontiguousarray(planes.transpose(0, 2, 1)).view(f">f{size}").reshape(len(rows), count)
    if kind is not None:
        numbers: NDArray[Any] = np.ascontiguousarray(rows).view(kind)
    else:
        flat = np.unpackbits(rows, axis=1)[:, :count * bits].reshape(len(rows), count, bits)
        weights = np.left_shift(np.uint32(1), np.arange(bits - 1, -1, -1, dtype=np.uint32))
        numbers = (flat * weights).sum(axis=2, dtype=np.uint32)
    if predictor == 1:
        return numbers
    if predictor != 2 or kind is None or kind.kind == "f":
        raise unsupported(NAME, "compression")
    unsigned = np.dtype(f"u{kind.itemsize}")
    native = numbers.astype(kind.newbyteorder("=")).view(unsigned).reshape(len(rows), -1, step)
    total = np.add.accumulate(native, axis=1, dtype=unsigned).reshape(len(rows), count)
    return total.view(kind.newbyteorder("="))


def _scaled(samples: NDArray[Any], page: Directory, bits: int) -> NDArray[np.uint8]:
    """Stored numbers as 0 to 255."""
    kind, _ = sample_kind(page, bits)
    if kind == "float":
        numbers = np.nan_to_num(samples.astype(np.float64), nan=0.0, posinf=np.inf, neginf=-np.inf)
        low, high = float(numbers.min()), float(numbers.max())
        if low < -0.5 or high > 255.5:
            raise unsupported(NAME, "range")
        if high <= 1.0:
            numbers = numbers * 255.0
        return np.clip(np.rint(numbers), 0, 255).astype(np.uint8)
    if kind == "signed":
        samples = _flip_sign(samples, bits)
    if bits == 8:
        return samples.astype(np.uint8)
    if bits <= 16:
        return to_eight_bits(samples.astype(np.uint16), (1 << bits) - 1)
    # The upper 16 bits decide; 2^n-1 scales to 65535 and so to 255.
    upper = (samples.astype(np.uint64) >> np.uint64(bits - 16)).astype(np.uint16)
    return to_eight_bits(upper)


def _flip_sign(samples: NDArray[Any], bits: int) -> NDArray[Any]:
    """Two's complement as an offset: the least number becomes 0."""
    unsigned = samples.astype(np.uint64) & np.uint64((1 << bits) - 1)
    return unsigned ^ np.uint64(1 << (bits - 1))


def _colors(samples: NDArray[Any], page: Directory, photometric: int, bits: int) -> NDArray[np.uint8]:
    """Stored samples as grey or red-green-blue, with alpha where there is one."""
    alpha = alpha_kind(page)
    colored = color_samples(page)
    if photometric == 3:
        indices = samples[..., 0].astype(np.int64)
        table: NDArray[Any] = np.array(page.numbers(320), np.uint32)
        if len(table) < 3 or len(table) % 3:
            raise corrupt(NAME)
        # Some writers put 8-bit values into the 16-bit table.
        table = (table if int(table.max()) < 256 else table >> 8).astype(np.uint8).reshape(3, -1).T
        if int(indices.max()) >= len(table):
            raise corrupt(NAME)
        picture: NDArray[Any] = table[indices]
        scaled_alpha = _scaled(samples[..., 1], page, bits) if alpha else None
    else:
        scaled = _scaled(samples, page, bits)
        picture = scaled[..., :colored]
        scaled_alpha = scaled[..., colored] if alpha else None
        if photometric == 0:
            picture = 255 - picture
        elif photometric == 5:
            ink = picture.astype(np.uint16)
            light = (255 - ink[..., :3]) * (255 - ink[..., 3:])
            picture = ((light + 127) // 255).astype(np.uint8)
    if scaled_alpha is not None:
        if alpha == 1:
            divisor = np.maximum(scaled_alpha, 1).astype(np.uint32)[..., None]
            straight = (picture.astype(np.uint32) * 255 + divisor // 2) // divisor
            picture = np.minimum(straight, 255).astype(np.uint8)
        picture = np.dstack([picture, scaled_alpha])
    return picture[..., 0] if picture.shape[2] == 1 else picture


def _fax(data: bytes, page: Directory, header: Header) -> NDArray[np.uint8]:
    for piece in pieces(page, header, len(data)):
        _piece_bytes(data, piece)
    if header.channels != 1 or header.bit_depth != 1:
        raise unsupported(NAME, "colors")
    picture = decode_with_opencv(upright_copy(data, page), cv2.IMREAD_GRAYSCALE, NAME)
    if picture.shape != (header.height, header.width):
        raise corrupt(NAME, "size")
    return picture.astype(np.uint8, copy=False)


def _jpeg_pieces(data: bytes, page: Directory, header: Header) -> NDArray[np.uint8]:
    """Pieces that are JPEG files of their own, with shared tables put before them."""
    if header.bit_depth != 8 or header.channels not in (1, 3) or (page.number(284, 1) == 2 and header.channels > 1):
        raise unsupported(NAME, "compression")
    tables = page.bytes_of(347)
    tables = tables[2:-2] if tables.startswith(b"\xff\xd8") and tables.endswith(b"\xff\xd9") else b""
    # Say how the colours are coded: without a mark libjpeg guesses.
    transform = 1 if page.number(262, 2) == 6 else 0
    mark = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([transform]) if header.channels == 3 else b""
    whole = np.zeros((header.height, header.width, header.channels), np.uint8)
    for piece in pieces(page, header, len(data)):
        coded = _piece_bytes(data, piece)
        if not coded.startswith(b"\xff\xd8"):
            raise corrupt(NAME, "decoding")
        block = jpeg.pixels(b"\xff\xd8" + mark + tables + coded[2:])
        if block.ndim == 2:
            block = block[..., None]
        block = block[:header.height - piece.top, :header.width - piece.left]
        rows, columns = min(piece.height, header.height - piece.top), min(piece.width, header.width - piece.left)
        if block.shape != (rows, columns, header.channels):
            raise corrupt(NAME, "size")
        whole[piece.top:piece.top + rows, piece.left:piece.left + columns] = block
    return whole


def _ycbcr(data: bytes, page: Directory, header: Header) -> NDArray[np.uint8]:
    """Luminance and colour difference, the latter perhaps stored for blocks of pixels."""
    if header.bit_depth != 8 or header.channels != 3 or page.number(284, 1) == 2 or page.number(317, 1) != 1:
        raise unsupported(NAME, "colors")
    factors = page.numbers(530) or (2, 2)
    across, down = (factors[0], factors[1]) if len(factors) > 1 else (2, 2)
    if across not in (1, 2, 4) or down not in (1, 2, 4):
        raise corrupt(NAME)
    whole = np.zeros((header.height, header.width, 3), np.uint8)
    for piece in pieces(page, header, len(data)):
        columns, rows = -(-piece.width // across), -(-piece.height // down)
        unit = across * down + 2
        coded = _piece_bytes(data, piece)
        raw = unpack(coded, page.number(259, 1), columns * rows * unit, page.number(266, 1))
        units = np.frombuffer(raw, np.uint8).reshape(rows, columns, unit)
        light = units[..., :-2].reshape(rows, columns, down, across).transpose(0, 2, 1, 3)
        block = np.empty((rows * down, columns * across, 3), np.uint8)
        block[..., 0] = light.reshape(rows * down, columns * across)
        block[..., 1:] = units[..., -2:].repeat(down, axis=0).repeat(across, axis=1)
        block = block[:min(piece.height, header.height - piece.top), :header.width - piece.left]
        whole[piece.top:piece.top + len(block), piece.left:piece.left + block.shape[1]] = block
    luminance, blue, red = (whole[..., index].astype(np.float32) for index in range(3))
    blue, red = blue - 128, red - 128
    colors = np.stack([luminance + 1.402 * red, luminance - 0.344136 * blue - 0.714136 * red,
                       luminance + 1.772 * blue], axis=2)
    picture: NDArray[np.uint8] = np.clip(np.rint(colors), 0, 255).astype(np.uint8)
    return picture
