"""Layered layout of a network: from the sizes of the nodes to their coordinates.

Layers run downwards (Sugiyama, Tagawa, Toda, 1981): a node stands one row below the lowest of its
sources; in a row, nodes are ordered by the middle of their sources and pushed apart as little as needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from cnnstudio.core.graph import Pair, topological_order

Position = tuple[float, float]

WIDTH = 216.0
HEIGHT = 54.0
COLUMN_GAP = 28.0
ROW_GAP = 24.0


def layered(nodes: Sequence[str], edges: Sequence[Pair], heights: Mapping[str, float] | None = None
            ) -> dict[str, Position]:
    """The top left corner of every node, in pixels; stable for equal input.

    `heights` are the nodes' own heights (HEIGHT by default); all are WIDTH wide.
    """
    order, circular = topological_order(nodes, edges)
    place = {node: number for number, node in enumerate(nodes)}
    sources: dict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        if source in place and target in place:
            sources[target].append(source)
    rows: dict[str, int] = {}
    for node in (*order, *circular):
        rows[node] = max((rows[source] + 1 for source in sources[node] if source in rows), default=0)
    by_row: dict[int, list[str]] = defaultdict(list)
    for node in (*order, *circular):
        by_row[rows[node]].append(node)
    middles = _middles(by_row, sources, place)
    result: dict[str, Position] = {}
    top = 0.0
    for row in sorted(by_row):
        tallest = max(heights.get(node, HEIGHT) for node in by_row[row]) if heights else HEIGHT
        for node in by_row[row]:
            result[node] = (middles[node] - WIDTH / 2, top)
        top += tallest + ROW_GAP
    return result


def _middles(by_row: Mapping[int, Sequence[str]], sources: Mapping[str, Sequence[str]], place: Mapping[str, int]
             ) -> dict[str, float]:
    """The horizontal middle of every node: below its sources, branches side by side and symmetric."""
    middles: dict[str, float] = {}
    for row in sorted(by_row):
        wanted = {}
        for node in by_row[row]:
            above = [source for source in sources.get(node, ()) if source in middles]
            # Where branches merge, the next node is centred between them, so that a long network stays straight.
            wanted[node] = sum(middles[item] for item in above) / len(above) if above else 0.0
        if len(wanted) == 1:
            # Most rows of a deep network: nothing to order or to push apart.
            middles.update(wanted)
            continue
        nodes = sorted(by_row[row], key=lambda node: (wanted[node], place[node]))
        for group in _groups(nodes, wanted):
            _spread(group, wanted, middles)
        _push_apart(nodes, middles)
    return middles


def _groups(nodes: Sequence[str], wanted: Mapping[str, float]) -> list[list[str]]:
    """Neighbours with the same wanted position."""
    groups: list[list[str]] = []
    for node in nodes:
        if groups and abs(wanted[groups[-1][0]] - wanted[node]) < 1.0:
            groups[-1].append(node)
        else:
            groups.append([node])
    return groups


def _spread(group: Sequence[str], wanted: Mapping[str, float], middles: dict[str, float]) -> None:
    step = WIDTH + COLUMN_GAP
    start = wanted[group[0]] - step * (len(group) - 1) / 2
    for number, node in enumerate(group):
        middles[node] = start + number * step


def _push_apart(nodes: Sequence[str], middles: dict[str, float]) -> None:
    """Move overlapping neighbours apart, and the row back so that it stays centred."""
    step = WIDTH + COLUMN_GAP
    before = sum(middles[node] for node in nodes)
    ordered = sorted(nodes, key=lambda node: middles[node])
    for left, right in zip(ordered, ordered[1:], strict=False):
        if middles[right] - middles[left] < step:
            middles[right] = middles[left] + step
    shift = (before - sum(middles[node] for node in nodes)) / len(nodes)
    for node in nodes:
        middles[node] += shift
