"""Random networks: what the report calls valid, Keras computes with the same shapes and parameters; what Keras refuses,
the report refused first, at the very layer and with a reason."""

from __future__ import annotations

import os
from math import prod

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.fixes import FIXES, apply_fix
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.shapes import report
from cnnstudio.core import params
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.engine.building import build
from cnnstudio.engine.names import resolve

EXAMPLES = int(os.environ.get("CNNSTUDIO_EXAMPLES", "150"))
LARGEST = 200_000
"""Values of one tensor from which a network is too large to be computed here."""
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
        return st.one_of(pair, st.integers(1, 3).map(lambda each: (each, each)))
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


SETTINGS = settings(max_examples=EXAMPLES, deadline=None, derandomize="CNNSTUDIO_EXAMPLES" not in os.environ,
                    suppress_health_check=list(HealthCheck))


def computed(node: Node, inputs: list, context: Context) -> tuple[object, int]:
    """What Keras's layer answers to these tensors, and its number of parameters; raises what Keras raises."""
    entry = LAYERS[node.type]
    layer = entry.call.build(values_of(node, entry) | {"context": context}, resolve, name=node.id)
    answer = layer(*entry.passed(inputs))
    return answer, layer.count_params()


@SETTINGS
@given(networks())
def test_keras_and_the_report_agree_at_every_layer(made):
    network, context = made
    found = report(network, context, headless=True)
    if any(prod(node.shape) > LARGEST for node in found.nodes.values() if node.shape is not None):
        return
    pixels = np.random.default_rng(0).uniform(0, 255, (2, context.height, context.width, context.channels))
    tensors = {"n0": pixels.astype("float32")}
    for node in (network.node(identifier) for identifier in found.order if identifier != "n0"):
        sources = network.inputs_of(node.id)
        if any(source not in tensors for source in sources):
            assert found.nodes[node.id].shape is None
            continue
        mine = found.nodes[node.id]
        if mine.shape is not None:
            answer, parameters = computed(node, [tensors[source] for source in sources], context)
            assert tuple(answer.shape[1:]) == mine.shape, node
            assert parameters == mine.cost.parameters, node
            tensors[node.id] = answer
        else:
            assert [problem for problem in found.of(node.id) if problem.blocks and problem.text.en], node


@SETTINGS
@given(networks())
def test_a_whole_network_builds_or_is_refused_with_reasons(made):
    network, context = made
    found = report(network, context, headless=True)
    if any(prod(node.shape) > LARGEST for node in found.nodes.values() if node.shape is not None):
        return
    if any(problem.blocks for problem in found.problems):
        with pytest.raises(ProblemError) as trouble:
            build(network, context, headless=True)
        assert trouble.value.problems == tuple(each for each in found.problems if each.blocks)
        return
    model = build(network, context, headless=True).model
    assert model.output_shape[1:] == found.nodes[found.output].shape
    reaching = [node.id for node in network.nodes if node.id in {layer.name for layer in model.layers}]
    assert model.count_params() == sum(found.nodes[identifier].cost.parameters for identifier in reaching)


@settings(max_examples=4 * EXAMPLES, deadline=None, derandomize="CNNSTUDIO_EXAMPLES" not in os.environ,
          suppress_health_check=list(HealthCheck))
@given(networks())
def test_every_fix_of_a_random_network_can_be_applied(made):
    """A fix never raises, changes the network, and ends its problem; one for each input where several have it."""
    network, context = made
    for problem in report(network, context).problems:
        for place, fix in enumerate(problem.fixes):
            project, again, rounds = Project(name="x", network=network), problem, 0
            while fix.action in FIXES and again is not None:
                mended = apply_fix(project, again.fixes[min(place, len(again.fixes) - 1)])
                assert mended != project, again
                project, rounds = mended, rounds + 1
                assert rounds < 4, (problem, fix)
                again = next((each for each in report(project.network, context).problems if (
                    each.code, each.text, each.where) == (problem.code, problem.text, problem.where)), None)
