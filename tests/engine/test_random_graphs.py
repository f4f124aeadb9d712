"""Random networks: what the report calls valid, Keras computes with the same shapes and parameters; what Keras refuses,
the report refused first, at the very layer and with a reason."""

from __future__ import annotations

import os
from math import prod

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.network import Node
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.engine.building import build
from cnnstudio.engine.names import resolve
from cnnstudio.network.fixes import FIXES, apply_fix
from cnnstudio.network.shapes import NetworkReport, report
from tests.catalog.random_networks import networks

EXAMPLES = int(os.environ.get("CNNSTUDIO_EXAMPLES", "50"))
MANY = 150
"""Nightly."""
LARGEST = 200_000
"""Values of one tensor from which a network is too large to be computed here."""
MOST_MULTIPLY_ADDS = 200_000_000
"""The same for a layer: attention between 200,000 places keeps a tensor of their square to itself."""


def on_networks(check, examples):
    """A test that checks that many random networks."""
    @settings(max_examples=examples, deadline=None, derandomize="CNNSTUDIO_EXAMPLES" not in os.environ,
              suppress_health_check=list(HealthCheck))
    @given(networks())
    def test(made):
        check(made)

    return test


def computed(node: Node, inputs: list, context: Context) -> tuple[object, int]:
    """What Keras's layer answers to these tensors, and its number of parameters; raises what Keras raises."""
    entry = LAYERS[node.type]
    layer = entry.call.build(values_of(node, entry) | {"context": context}, resolve, name=node.id)
    answer = layer(*entry.passed(inputs))
    return answer, layer.count_params()


def is_too_large(found: NetworkReport) -> bool:
    """Whether a network would take too long, or too much memory, to be computed here."""
    return any(node.cost.multiply_adds > MOST_MULTIPLY_ADDS or (node.shape is not None and prod(node.shape) > LARGEST)
               for node in found.nodes.values())


def agree_at_every_layer(made):
    network, context = made
    found = report(network, context, headless=True)
    if is_too_large(found):
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


def builds_or_is_refused(made):
    network, context = made
    found = report(network, context, headless=True)
    if is_too_large(found):
        return
    if any(problem.blocks for problem in found.problems):
        with pytest.raises(ProblemError) as fault:
            build(network, context, headless=True)
        assert fault.value.problems == tuple(each for each in found.problems if each.blocks)
        return
    model = build(network, context, headless=True).model
    assert model.output_shape[1:] == found.nodes[found.output].shape
    reaching = [node.id for node in network.nodes if node.id in {layer.name for layer in model.layers}]
    assert model.count_params() == sum(found.nodes[identifier].cost.parameters for identifier in reaching)


def every_fix_can_be_applied(made):
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


test_keras_and_the_report_agree_at_every_layer = on_networks(agree_at_every_layer, EXAMPLES)
test_a_whole_network_builds_or_is_refused_with_reasons = on_networks(builds_or_is_refused, EXAMPLES)
test_every_fix_of_a_random_network_can_be_applied = on_networks(every_fix_can_be_applied, 4 * EXAMPLES)
test_they_agree_on_many = pytest.mark.nightly(on_networks(agree_at_every_layer, MANY))
test_many_build_or_are_refused = pytest.mark.nightly(on_networks(builds_or_is_refused, MANY))
test_every_fix_of_many_can_be_applied = pytest.mark.nightly(on_networks(every_fix_can_be_applied, 4 * MANY))
