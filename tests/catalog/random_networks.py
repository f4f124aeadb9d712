"""Random networks for hypothesis: most are wrong somewhere, half of them are mended by the fixes of their problems."""

from __future__ import annotations

from hypothesis import strategies as st

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.core import params
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.core.project import Project
from cnnstudio.network.fixes import FIXES, apply_fix
from cnnstudio.network.shapes import report

MERGING = [layer.id for layer in LAYERS if layer.maximum_inputs != 1 and layer.id != "Input"]
TYPES = [layer.id for layer in LAYERS if layer.id not in ("Input", "PretrainedBase")]


def value_of(param: params.Param) -> st.SearchStrategy:
    """Values that a user could type, small ones, now and then a forbidden one."""
    if isinstance(param, params.Choice):
        return st.sampled_from([option.value for option in param.options])
    if isinstance(param, params.Bool):
        return st.booleans()
    if isinstance(param, params.Int):
        return st.integers(max(param.minimum - 1, -4), 6)
    if isinstance(param, params.Pair):
        pair = st.tuples(st.integers(max(param.minimum - 1, 0), 4), st.integers(param.minimum, 4))
        return st.one_of(pair, st.integers(1, 3).map(lambda size: (size, size)))
    if isinstance(param, params.Padding4):
        return st.tuples(*[st.integers(0, 3)] * 4)
    if isinstance(param, params.Ints):
        return st.lists(st.sampled_from([-1, 0, 1, 2, 3, 4, 6]), min_size=1, max_size=4).map(tuple)
    if isinstance(param, params.Numbers):
        return st.one_of(st.floats(-2, 2), st.lists(st.floats(-1, 2), min_size=1, max_size=4).map(tuple))
    if isinstance(param, params.Float):
        low, high = max(param.minimum, -2.0), min(param.maximum, 2.0)
        return st.floats(low, high)
    raise TypeError(type(param).__name__)


PARAMS = {kind: st.fixed_dictionaries({}, optional={
    param.name: value_of(param) for param in LAYERS[kind].params}) for kind in TYPES}
"""Any subset of the parameters of a type; hypothesis prefers small ones."""


CONTEXTS = st.builds(Context, height=st.integers(1, 16), width=st.integers(1, 16), channels=st.sampled_from([1, 3, 4]),
                     class_count=st.integers(2, 5), label_mode=st.sampled_from(["binary", "categorical", "int"]),
                     normalization=st.just("none"))


@st.composite
def networks(draw: st.DrawFn) -> tuple[NetworkSpec, Context]:
    """An input and up to eight layers, each behind one or several of those before it; half of them mended by fixes."""
    context = draw(CONTEXTS)
    nodes, edges = [Node(id="n0", type="Input")], []
    for number in range(1, draw(st.integers(1, 8)) + 1):
        kind = draw(st.sampled_from(TYPES))
        few = dict(list(draw(PARAMS[kind]).items())[:4])
        nodes.append(Node(id=f"n{number}", type=kind, params=few))
        count = draw(st.integers(LAYERS[kind].minimum_inputs, 3)) if kind in MERGING or not draw(st.integers(0, 19)) else 1
        sources = [draw(st.integers(max(0, number - 3), number - 1)) for _port in range(count)]
        if count == 1 and draw(st.integers(0, 3)):
            sources = [number - 1]
        edges += [Edge(source=f"n{source}", target=f"n{number}", port=port) for port, source in enumerate(sources)]
    network = NetworkSpec(nodes=tuple(nodes), edges=tuple(edges))
    for _round in range(draw(st.sampled_from([0, 0, 6, 12]))):
        fixes = [fix for problem in report(network, context, headless=True).problems for fix in problem.fixes
                 if fix.action in FIXES and fix.action != "remove_nodes"]
        if not fixes:
            break
        network = apply_fix(Project(name="x", network=network), fixes[0]).network
    return network, context


def repeated(network: NetworkSpec, times: int = 5) -> NetworkSpec:
    """Copies of a network's layers, each behind the one before; layers that nothing feeds stay once."""
    feeding = {edge.source for edge in network.edges}
    inner = [node for node in network.nodes if node.type != "Input"]
    inputs = [node for node in network.nodes if node.type == "Input"]
    ends = [node.id for node in inner if node.id not in feeding]
    if len(inputs) != 1 or len(ends) != 1:
        return network
    nodes, edges, before = list(inputs), [], inputs[0].id
    for number in range(times):
        nodes += [Node(id=f"{node.id}_{number}", type=node.type, params=node.params) for node in inner]
        edges += [Edge(source=before if edge.source == inputs[0].id else f"{edge.source}_{number}",
                       target=f"{edge.target}_{number}", port=edge.port) for edge in network.edges]
        before = f"{ends[0]}_{number}"
    return NetworkSpec(nodes=tuple(nodes), edges=tuple(edges))
