"""The LZW of GIF and TIFF, decoded with array operations instead of a loop over codes.

Between two clear codes the width of every code follows from its place alone, so that all codes of a block
are cut out at once. The string of a code is a copy of earlier output (the string of the code before, and
one more byte), so that every output byte points at an earlier one: the pointers are followed by doubling.

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MAXIMUM_WIDTH = 12


class DamagedCodes(Exception):
    """A code that cannot stand where it stands."""


def decode_lzw(data: bytes, expected: int, *, bits: int, most_significant_first: bool) -> NDArray[np.uint8]:
    """Up to `expected` bytes of output.

    `bits` is the width of a literal (GIF: 2 to 8; TIFF: 8). `most_significant_first` is TIFF's packing of
    codes, whose width also grows one code early. The result is shorter than `expected` where the data end
    early. Raises DamagedCodes for impossible codes.
    """
    clear = 1 << bits
    first_free = clear + 2
    stream = np.frombuffer(data + b"\0\0\0\0", np.uint8)
    total_bits = 8 * len(data)
    offsets, widths = _layout(bits, early=most_significant_first)
    position = 0
    produced = 0
    blocks = 0
    parts: list[NDArray[np.uint8]] = []
    # A hostile file may clear after every code: such blocks cost far more than they give.
    allowed = 64 + expected // 8
    while produced < expected and position + bits + 1 <= total_bits:
        blocks += 1
        if blocks > allowed:
            raise DamagedCodes
        codes, used, ended = _block(stream, total_bits, position, offsets, widths, clear, most_significant_first)
        position += used
        if len(codes):
            part = _expand(codes, clear, first_free, expected - produced)
            parts.append(part)
            produced += len(part)
        if ended:
            break
    if not parts:
        return np.zeros(0, np.uint8)
    return np.concatenate(parts)[:expected]


def _layout(bits: int, *, early: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bit offset and width of the codes after a clear code, until the table is full."""
    first_free = (1 << bits) + 2
    count = (1 << _MAXIMUM_WIDTH) - first_free + 2
    # Before code k is read, the table has entries up to first_free + k - 2 (the first code adds none).
    size = first_free + np.arange(count) - 1
    size[0] = first_free
    widths = np.full(count, bits + 1, np.int64)
    for width in range(bits + 1, _MAXIMUM_WIDTH):
        widths[size + (1 if early else 0) >= 1 << width] = width + 1
    return np.concatenate(([0], np.cumsum(widths)[:-1])), widths


def _cut(stream: NDArray[np.uint8], starts: NDArray[np.int64], widths: NDArray[np.int64] | int,
         most_significant_first: bool) -> NDArray[np.int64]:
    """The codes that begin at the bits `starts`."""
    byte, bit = starts >> 3, starts & 7
    three = (stream[byte].astype(np.int64), stream[byte + 1].astype(np.int64), stream[byte + 2].astype(np.int64))
    mask = (np.int64(1) << widths) - 1
    if most_significant_first:
        codes: NDArray[np.int64] = ((three[0] << 16 | three[1] << 8 | three[2]) >> (24 - bit - widths)) & mask
    else:
        codes = ((three[0] | three[1] << 8 | three[2] << 16) >> bit) & mask
    return codes


def _block(stream: NDArray[np.uint8], total_bits: int, position: int, offsets: NDArray[np.int64],
           widths: NDArray[np.int64], clear: int, most_significant_first: bool,
           ) -> tuple[NDArray[np.int64], int, bool]:
    """The codes up to the next clear or end code, the bits they used, and whether that was the end."""
    pieces: list[NDArray[np.int64]] = []
    used = 0
    begin, step = 0, 64
    while True:
        if begin < len(offsets):
            window = slice(begin, begin + step)
            starts, sizes = position + offsets[window], widths[window]
        else:  # the table is full: codes keep their greatest width
            count = np.arange(step, dtype=np.int64)
            starts = position + used + _MAXIMUM_WIDTH * count
            sizes = np.full(step, _MAXIMUM_WIDTH, np.int64)
        inside = int(np.count_nonzero(starts + sizes <= total_bits))
        starts, sizes = starts[:inside], sizes[:inside]
        if not inside:
            return _joined(pieces), used, True
        codes = _cut(stream, starts, sizes, most_significant_first)
        special = np.flatnonzero((codes == clear) | (codes == clear + 1))
        if len(special):
            stop = int(special[0])
            pieces.append(codes[:stop])
            used = int(starts[stop] + sizes[stop]) - position
            return _joined(pieces), used, bool(codes[stop] == clear + 1)
        pieces.append(codes)
        used = int(starts[-1] + sizes[-1]) - position
        begin += inside
        step = min(4 * step, 4096)


def _joined(pieces: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int64)


def _expand(codes: NDArray[np.int64], clear: int, first_free: int, wanted: int) -> NDArray[np.uint8]:
    """The output of one block of codes; at most about `wanted` bytes of it are made."""
    places = np.arange(len(codes))
    literal = codes < clear
    parents = np.where(literal, places, codes - first_free)
    if bool(((parents >= places) & ~literal).any()) or not literal[0]:
        raise DamagedCodes
    # The length of a string is one more than that of its parent: the depth of a forest.
    lengths = np.where(literal, 0, 1)
    ancestors = parents
    while True:
        grown = lengths + lengths[ancestors]
        further = ancestors[ancestors]
        if np.array_equal(further, ancestors):
            break
        lengths, ancestors = grown, further
    lengths = lengths + 1
    starts = np.concatenate(([0], np.cumsum(lengths)))
    keep = int(np.searchsorted(starts, wanted, side="left"))
    keep = min(max(keep, 1), len(codes))
    total = int(starts[keep])
    lengths, literal, parents = lengths[:keep], literal[:keep], parents[:keep]
    source = np.arange(total) + np.repeat(starts[parents] - starts[:keep], lengths)
    values = np.zeros(total, np.uint8)
    roots = starts[:keep][literal]
    values[roots] = codes[:keep][literal]
    while True:
        further = source[source]
        if np.array_equal(further, source):
            break
        source = further
    output: NDArray[np.uint8] = values[source]
    return output
