"""From the canvas to PyTorch code and back: the same computation, and on the canvas the same layers. Nothing is run."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.blocks import BLOCKS, insert_block
from cnnstudio.catalog.context import Context, context_of
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.networks import network_builder
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core.edits import set_node_param
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.project import Project
from cnnstudio.interchange.apply_code import apply_code, read_edited_code
from cnnstudio.interchange.equivalence import fingerprints
from cnnstudio.interchange.own_base.project_copy import copy_into_project
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.interchange.printing.torch.script import torch_code, torch_script
from cnnstudio.interchange.source_code import read_code
from cnnstudio.network.new_project import Facts, new_project, with_base
from cnnstudio.network.shapes import report
from tests.catalog.layer_cases import CASES, CONTEXT, OTHERS, around
from tests.catalog.random_networks import networks
from tests.interchange.keras_files import write_model


def regularizers(network: NetworkSpec) -> list[tuple[str, object]]:
    return sorted((name, value) for node in network.nodes for name, value in node.params.items()
                  if "regularizer" in name and value is not None)


def same(one: NetworkSpec, other: NetworkSpec, context: Context) -> None:
    """What comes out is computed alike, from as many weights; ReLU may be an Activation, a Dense the Output."""
    first, second = report(one, context), report(other, context)
    assert second.output is not None
    prints = fingerprints(one, context)[first.output], fingerprints(other, context)[second.output]
    # PyTorch's default of ELU is the layer's.
    assert prints[0] == prints[1]
    assert second.parameters == first.parameters
    assert second.nodes[second.output].shape == first.nodes[first.output].shape
    assert regularizers(other) == regularizers(one)


@pytest.mark.parametrize("as_script", [False, True], ids=["network", "script"])
@pytest.mark.parametrize("template", list(TEMPLATES), ids=lambda template: template.id)
def test_an_architecture_comes_back_as_it_went(template, as_script):
    project = new_project("x", "/p", Facts(classes=("a", "b", "c")), template=template.id)
    context = context_of(project, 3, BUILT_IN)
    code = torch_script(project, context, 90) if as_script else torch_code(project.network, context)
    written = read_code(code)
    assert written.shape == project.recipe.shape
    same(project.network, written.network, context)
    assert apply_code(project, read_edited_code(code, project, context), context) == project


@pytest.mark.parametrize(("kind", "values", "before"), [
    (kind, values, before) for kind, values, before in [*CASES, *OTHERS]
    if kind != "PretrainedBase" and values != {"activation": "elu"}])
def test_a_layer_comes_back_as_it_went(kind, values, before):
    network = around(kind, values, before)
    same(network, read_code(torch_code(network, CONTEXT)).network, CONTEXT)


@pytest.mark.parametrize("block", list(BLOCKS), ids=lambda block: block.id)
def test_a_block_comes_back_as_it_went(block):
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("Conv2D", filters=8, padding="same")
    project = insert_block(Project(network=drawing.network()), block.id, (32, 32, 8), drawing.last)
    context = context_of(project, 3, BUILT_IN)
    same(project.network, read_code(torch_code(project.network, context)).network, context)


@pytest.mark.parametrize("params", [{}, {"trainable_from": "all"}, {"pooling": "max"}, "end", "block"],
                         ids=str)
@pytest.mark.parametrize("base", ["efficientnet_lite0", "vgg16", "resnet50", "mobilenet_v2"])
def test_a_base_comes_back_as_one_layer(base, params):
    project = with_base(Project(name="x"), BASES[base])
    params = {"end": {"ends_at": BASES[base].ends[-2]}, "block": {"trainable_from": BASES[base].blocks[-1]}}.get(
        params, params) if isinstance(params, str) else params
    for name, value in params.items():
        project = set_node_param(project, "base", name, value)
    context = context_of(project, 3, BUILT_IN)
    code = torch_code(project.network, context)
    node = next(node for node in read_code(code).network.nodes if node.type == "PretrainedBase")
    assert values_of(node, LAYERS[node.type]) == values_of(project.network.node("base"), LAYERS[node.type])
    assert apply_code(project, read_edited_code(code, project, context), context) == project


def test_a_base_of_the_users_own_comes_back_where_it_was_printed(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    base = ProjectBases(folder).require_own(copy_into_project(write_model(tmp_path / "mine.keras"), folder))
    project = with_base(Project(name="x"), base)
    context = context_of(project, 3, ProjectBases(folder))
    assert apply_code(project, read_edited_code(torch_code(project.network, context), project, context), context) == project


def test_an_edited_layer_changes_alone():
    project = new_project("x", "/p", Facts(classes=("a", "b", "c")), template="resnet18")
    context = context_of(project, 3, BUILT_IN)
    code = torch_code(project.network, context).replace("nn.AdaptiveAvgPool2d(1)", "nn.AdaptiveMaxPool2d(1)")
    back = apply_code(project, read_edited_code(code, project, context), context)
    changed = {node.id: node.type for node in back.network.nodes if node != project.network.node(node.id)}
    assert changed == {"avg_pool": "GlobalMaxPooling2D"}


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(networks())
def test_a_random_network_comes_back_as_it_went(sample):
    network, context = sample
    result = report(network, context)
    if [problem for problem in result.problems if problem.blocks and problem.code != "output_units"] or result.output is None:
        return  # what cannot be computed is not printed
    if any("constraint" in name for node in network.nodes for name in node.params):
        return
    back = read_code(torch_code(network, context)).network
    prints, again = fingerprints(network, context), fingerprints(back, context)
    assert again[report(back, context).output] == prints[result.output]
