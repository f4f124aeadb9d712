"""Pure rules of a directed acyclic graph, on ids and (source, target) pairs."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Container, Iterable, Mapping, Sequence, Set

Pair = tuple[str, str]


def successors(edges: Iterable[Pair]) -> dict[str, list[str]]:
    """For each source its targets, in the order of the edges."""
    result: dict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        result[source].append(target)
    return dict(result)


def topological_order(nodes: Sequence[str], edges: Iterable[Pair]) -> tuple[list[str], list[str]]:
    """The nodes in topological order, and those on a cycle or behind one.

    Stable: among nodes that may come next, the order of `nodes` decides.
    """
    edges = [(source, target) for source, target in edges]
    members = set(nodes)
    waiting = dict.fromkeys(nodes, 0)
    following = successors(edges)
    for source, target in edges:
        if source in members and target in members:
            waiting[target] += 1
    place = {node: index for index, node in enumerate(nodes)}
    ready = deque(node for node in nodes if waiting[node] == 0)
    order: list[str] = []
    while ready:
        node = ready.popleft()
        order.append(node)
        freed = []
        for target in following.get(node, ()):
            if target not in members:
                continue
            waiting[target] -= 1
            if waiting[target] == 0:
                freed.append(target)
        ready.extend(sorted(freed, key=place.__getitem__))
    done = set(order)
    return order, [node for node in nodes if node not in done]


def reachable(starts: Iterable[str], edges: Iterable[Pair]) -> set[str]:
    """Everything that can be reached from `starts` along the edges, the starts included."""
    following = successors(edges)
    reached = set(starts)
    waiting = list(reached)
    while waiting:
        for target in following.get(waiting.pop(), ()):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def closes_cycle(edges: Iterable[Pair], source: str, target: str) -> bool:
    """Whether an edge from `source` to `target` would close a cycle."""
    return source in reachable([target], edges)


class UniqueIds:
    """`unique_id` for thousands of nodes: numbers that were taken once are not tried again."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def find(self, wanted: str, taken: Container[str]) -> str:
        """`wanted`, or `wanted_2`, `wanted_3`, ... when it is taken."""
        number = self._numbers.get(wanted, 1)
        while (identifier := wanted if number == 1 else f"{wanted}_{number}") in taken:
            number += 1
        self._numbers[wanted] = number
        return identifier


def unique_id(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or `wanted_2`, `wanted_3`, ... when it is taken."""
    used = taken if isinstance(taken, Set | Mapping) else set(taken)
    if wanted not in used:
        return wanted
    number = 2
    while f"{wanted}_{number}" in used:
        number += 1
    return f"{wanted}_{number}"


def depth_order(output: str, inputs: Mapping[str, Sequence[str]]) -> list[str]:
    """Everything that leads to `output`, in the order in which Keras lists the layers of a functional model.

    The furthest from the output first; of equally far ones, those that are met first on the way back from the output,
    along the `inputs` of each node in their order (`map_graph` in keras/src/ops/function.py).
    """
    met: dict[str, int] = {}
    finished: list[str] = []
    waiting = [(output, iter(inputs.get(output, ())))]
    met[output] = 0
    while waiting:
        node, sources = waiting[-1]
        source = next((each for each in sources if each not in met), None)
        if source is None:
            finished.append(node)
            waiting.pop()
        else:
            met[source] = len(met)
            waiting.append((source, iter(inputs.get(source, ()))))
    depths = dict.fromkeys(met, 0)
    for node in reversed(finished):
        for source in inputs.get(node, ()):
            depths[source] = max(depths[source], depths[node] + 1)
    return sorted(met, key=lambda node: (-depths[node], met[node]))
