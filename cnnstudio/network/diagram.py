"""A network as a few drawn parts: blocks in a row, branches beside each other, skip connections, repetitions.

Everything is concluded from the graph and its shapes: where the network is one tensor it is cut, and what lies between
two cuts is a part. Layers that only prepare or follow another one (normalisation, activation, padding) are not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, Shape, values_of
from cnnstudio.core.network import NetworkSpec, Node
from cnnstudio.network.shapes import NetworkReport, report

MOST_BLOCKS: Final = 36
"""A network of more blocks is drawn with its repetitions together."""
_LONGEST_PERIOD: Final = 6
_FOLLOWING: Final = frozenset(("normalization", "activation"))
"""Families whose weights belong to the layer before."""
_ALWAYS: Final = frozenset(("pooling", "attention", "base", "input"))


class Block(msgspec.Struct, frozen=True):
    """One drawn layer. `mixes` says that it looks at single positions only, as a 1 x 1 convolution does."""

    node: str
    type: str
    family: str
    shape: Shape
    mixes: bool = False


class Fork(msgspec.Struct, frozen=True):
    """Branches side by side, first the longest. `skip`: the input also goes past them, unchanged.

    `sums` says that the branches meet in a sum (or another operation by elements), so that all but the longest are
    ways around it. `join` is the layer where they meet, with the shape of its output.
    """

    branches: tuple[tuple[Part, ...], ...]
    skip: bool
    sums: bool
    join: Block


class Repeat(msgspec.Struct, frozen=True):
    """Parts that occur `count` times in a row; the last ones are shown."""

    parts: tuple[Part, ...]
    count: int


Part = Block | Fork | Repeat


class Section(msgspec.Struct, frozen=True):
    """A named piece of a network, such as a block of a base."""

    name: str
    parts: tuple[Part, ...]


class Diagram(msgspec.Struct, frozen=True):
    """The drawn parts of a network; `size` is the longest side of its pictures."""

    sections: tuple[Section, ...]
    size: int

    @property
    def blocks(self) -> list[Block]:
        """The drawn blocks, each repetition once."""
        return [block for section in self.sections for block in blocks_of(section.parts)]


def draw_network(network: NetworkSpec, context: Context, most: int = MOST_BLOCKS) -> Diagram:
    """The diagram of a whole network; with more than `most` blocks repetitions are drawn together."""
    result = report(network, context, headless=True)
    cutter = _Cutter(result)
    parts = cutter.parts(drawing_order(result))
    if len(blocks_of(parts)) > most:
        parts = _compress(_with_plain_gates(parts))
    return Diagram((Section("", tuple(parts)),), max(context.height, context.width))


def drawing_order(result: NetworkReport) -> Sequence[str]:
    """The order in which the layers were written where that follows the edges, as it does cell by cell; else the report's."""
    place = {node.id: index for index, node in enumerate(result.network.nodes)}
    written = all(place[edge.source] < place[edge.target] for edge in result.network.edges)
    return list(place) if written else result.order


def draw_sections(result: NetworkReport, sections: Iterable[tuple[str, Sequence[str]]], size: int) -> Diagram:
    """The diagram of (name, layers in topological order) pieces, with their repetitions drawn together."""
    cutter = _Cutter(result)
    return Diagram(tuple(Section(name, tuple(_compress(_with_plain_gates(cutter.parts(nodes))))) for name, nodes in sections),
                   size)


def blocks_of(parts: Iterable[Part]) -> list[Block]:
    """The blocks in these parts, each repetition once."""
    return [block for block, _count in counted_blocks(parts)]


def counted_blocks(parts: Iterable[Part], count: int = 1) -> Iterator[tuple[Block, int]]:
    """The blocks in these parts, and how often each occurs in the network."""
    for part in parts:
        if isinstance(part, Block):
            yield part, count
        elif isinstance(part, Repeat):
            yield from counted_blocks(part.parts, count * part.count)
        else:
            for branch in part.branches:
                yield from counted_blocks(branch, count)


class _Cutter:
    """Cuts a network into parts."""

    def __init__(self, result: NetworkReport) -> None:
        self._result = result
        self._nodes = {node.id: node for node in result.network.nodes}
        self._sources: dict[str, list[str]] = {}
        self._targets: dict[str, list[str]] = {}
        for edge in sorted(result.network.edges, key=lambda edge: edge.port):
            self._sources.setdefault(edge.target, []).append(edge.source)
            self._targets.setdefault(edge.source, []).append(edge.target)

    def parts(self, nodes: Sequence[str]) -> list[Part]:
        """The parts of layers in topological order; whatever feeds them from outside is one input."""
        place = {node: index for index, node in enumerate(nodes)}
        passing = [0] * (len(nodes) + 1)
        for node, index in place.items():
            for source in self._sources.get(node, ()):
                start = place.get(source, -1) + 1
                if start < index:
                    passing[start] += 1
                    passing[index] -= 1
            if any(target not in place for target in self._targets.get(node, ())) and index + 1 < len(nodes):
                passing[index + 1] += 1
                passing[len(nodes)] -= 1
        result: list[Part] = []
        before, open_edges = -1, 0
        for index in range(len(nodes) + 1):
            open_edges += passing[index]
            if index < len(nodes) and open_edges:
                continue
            inner = nodes[before + 1:index]
            end = nodes[index] if index < len(nodes) else None
            if inner:
                result += self._between(inner, nodes[before] if before >= 0 else None, end)
            if end is not None and (block := self._block(self._nodes[end])) is not None:
                result.append(block)
            before = index
        return result

    def _between(self, inner: Sequence[str], start: str | None, end: str | None) -> list[Part]:
        """The part between two cuts."""
        pieces = self._pieces(inner)
        members = set(inner)
        direct = end is not None and any(source == start if start is not None else source not in members
                                         for source in self._sources.get(end, ()))
        branches = [self.parts(piece) for piece in pieces] if len(pieces) > 1 or direct else self._woven(inner)
        drawn = sorted((tuple(branch) for branch in branches if branch), key=lambda branch: -len(blocks_of(branch)))
        skip = direct or (len(drawn) < len(branches) and len(pieces) > 1)
        if not drawn:
            return []
        if len(drawn) == 1 and not skip:
            return list(drawn[0])
        join = self._nodes[end if end is not None else inner[-1]]
        shape = self._shape(join.id)
        sums = end is not None and all(self._shape(source) == shape for source in self._sources.get(end, ()))
        return [Fork(tuple(drawn), skip, sums, Block(join.id, join.type, "merge", shape))]

    def _pieces(self, nodes: Sequence[str]) -> list[list[str]]:
        """The layers in pieces that no edge connects, in order."""
        root = {node: node for node in nodes}

        def find(node: str) -> str:
            while root[node] != node:
                root[node] = root[root[node]]
                node = root[node]
            return node

        for node in nodes:
            for source in self._sources.get(node, ()):
                if source in root:
                    root[find(node)] = find(source)
        pieces: dict[str, list[str]] = {}
        for node in nodes:
            pieces.setdefault(find(node), []).append(node)
        return list(pieces.values())

    def _woven(self, nodes: Sequence[str]) -> list[list[Part]]:
        """Branches of layers that are woven into each other: cell by cell where each also takes the output of the cell
        before the last, as in NASNet, else as chains."""
        cells, start = [], 0
        for end in self._cell_ends(nodes):
            cells.append(nodes[start:end + 1])
            start = end + 1
        if not cells:
            return self._lanes(nodes)
        rest = [nodes[start:]] if start < len(nodes) else []
        return [[part for cell in (*cells, *rest) for part in self.parts(cell)]]

    def _cell_ends(self, nodes: Sequence[str]) -> list[int]:
        """The indices of joining layers past which only the output of one earlier such layer goes."""
        place = {node: index for index, node in enumerate(nodes)}
        last_use = {node: max((place.get(target, len(nodes)) for target in self._targets.get(node, ())), default=-1)
                    for node in nodes}
        ends: list[int] = []
        opened: set[str] = set()
        for index, node in enumerate(nodes):
            opened = {source for source in opened if last_use[source] > index}
            if len(self._sources.get(node, ())) > 1 and index and len(opened) <= 1 and all(
                    place[source] in ends for source in opened):
                ends.append(index)
            opened.add(node)
        return ends

    def _lanes(self, nodes: Sequence[str]) -> list[list[Part]]:
        """Chains: each layer goes on from one of its sources where it can."""
        lane_of: dict[str, list[str]] = {}
        lanes: list[list[str]] = []
        for node in nodes:
            lane = next((lane_of[source] for source in self._sources.get(node, ())
                         if source in lane_of and lane_of[source][-1] == source), None)
            if lane is None:
                lane = []
                lanes.append(lane)
            lane.append(node)
            lane_of[node] = lane
        return [[block for node in lane if (block := self._block(self._nodes[node])) is not None] for lane in lanes]

    def _shape(self, node: str) -> Shape:
        return self._result.nodes[node].shape or ()

    def _block(self, node: Node) -> Block | None:
        """The block of a layer; None for one that is not drawn."""
        layer, shape = LAYERS.find(node.type), self._shape(node.id)
        if layer is None or not shape:
            return None
        weighs = self._result.nodes[node.id].cost.parameters > 0 and layer.family not in _FOLLOWING
        if not weighs and layer.family not in _ALWAYS:
            return None
        window = layer.window(values_of(node, layer))
        mixes = layer.family == "convolution" and window.kernel == (1, 1)
        return Block(node.id, node.type, layer.family, shape, mixes)


def _with_plain_gates(parts: Iterable[Part]) -> list[Part]:
    """The parts with one block for a branch that only weighs the maps, one number a map, as squeeze-and-excite does."""
    return [part if not isinstance(part, Fork) else part.join if _is_gate(part) else
            msgspec.structs.replace(part, branches=tuple(tuple(_with_plain_gates(branch)) for branch in part.branches))
            for part in parts]


def _is_gate(fork: Fork) -> bool:
    maps = fork.join.shape
    return fork.skip and len(maps) == 3 and maps[:2] != (1, 1) and all(
        len(block.shape) == 1 or block.shape[:2] == (1, 1) for branch in fork.branches for block in blocks_of(branch))


def _compress(parts: Sequence[Part]) -> list[Part]:
    """The parts with repetitions in a row drawn once."""
    keys = [_key(part) for part in parts]
    result: list[Part] = []
    start = 0
    while start < len(parts):
        period, count = _repetition(keys, start)
        if count > 1:
            last = start + period * (count - 1)
            result.append(Repeat(tuple(parts[last:last + period]), count))
        else:
            result.append(parts[start])
        start += period * count
    return result


def _repetition(keys: Sequence[object], start: int) -> tuple[int, int]:
    """(period, count) of the repetition that begins there and saves most; (1, 1) for none."""
    best, saved = (1, 1), 0
    for period in range(1, min(_LONGEST_PERIOD, (len(keys) - start) // 2) + 1):
        pattern, count = keys[start:start + period], 1
        while keys[start + count * period:start + (count + 1) * period] == pattern:
            count += 1
        if (count - 1) * period > saved:
            best, saved = (period, count), (count - 1) * period
    return best


def _key(part: Part, growing: bool = False) -> object:
    """Equal for parts that are drawn alike; where branches are stacked, as in DenseNet, the number of channels may grow."""
    if isinstance(part, Block):
        return part.type, part.shape[:2] if growing and len(part.shape) == 3 else part.shape, part.mixes
    if isinstance(part, Repeat):
        return part.count, tuple(_key(inner, growing) for inner in part.parts)
    growing = growing or not part.sums
    return part.skip, part.sums, tuple(tuple(_key(inner, growing) for inner in branch) for branch in part.branches)
