"""Blocks: valid behind any feature maps, inserted into a network as layers of their own."""

from __future__ import annotations

import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.blocks import BLOCKS, insert_block
from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.networks import network_builder
from cnnstudio.core import edits
from cnnstudio.core.network import Edge
from cnnstudio.core.problems import ProblemError
from cnnstudio.network.checks import check_network
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.network.shapes import report

SHAPES = [(32, 24, 3), (7, 7, 64), (1, 1, 20), (13, 5, 1), (28, 28, 96)]


def started(shape: tuple[int, int, int]):
    """A project whose layer "maps" gives that shape, and its output behind it."""
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("Conv2D", id="maps", filters=shape[2], kernel_size=(1, 1), use_bias=False)
    drawing.add("GlobalAveragePooling2D", id="pool")
    drawing.add("Output")
    project = new_project("x", "/p", Facts(classes=("a", "b", "c")), template="small_cnn")
    project = edits.set_field(project, "recipe", "height", shape[0])
    return edits.set_network(edits.set_field(project, "recipe", "width", shape[1]), drawing.network())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("block", list(BLOCKS), ids=lambda block: block.id)
def test_a_block_is_valid_in_the_middle_of_a_connection(block, shape):
    project = started(shape)
    edited = insert_block(project, block.id, shape, edge=Edge(source="maps", target="pool"))
    assert check_network(edited, 3, BUILT_IN) == ()
    result = report(edited.network, context_of(edited, 3, BUILT_IN))
    (last,) = edited.network.inputs_of("pool")
    after = result.nodes[last].shape
    assert after[:2] == (tuple(-(-size // 2) for size in shape[:2]) if block.halves else shape[:2])
    assert len(edited.network.nodes) - len(project.network.nodes) > 2
    assert "maps" not in edited.network.inputs_of("pool")


def test_a_block_behind_a_layer_is_an_end_of_its_own_and_keeps_names_apart():
    project = started((8, 8, 16))
    once = insert_block(project, "residual", (8, 8, 16), edge=Edge(source="maps", target="pool"))
    twice = insert_block(once, "residual", (8, 8, 16), edge=Edge(source=once.network.inputs_of("pool")[0], target="pool"))
    ids = [node.id for node in twice.network.nodes]
    assert len(ids) == len(set(ids))
    assert {"add", "add_2"} <= set(ids)
    assert check_network(twice, 3, BUILT_IN) == ()
    behind = insert_block(project, "conv_bn_relu", (8, 8, 16), source="maps")
    assert behind.network.inputs_of("pool") == ("maps",)
    assert behind.network.inputs_of("conv") == ("maps",)


def test_a_block_needs_feature_maps():
    with pytest.raises(ProblemError) as problem:
        insert_block(started((8, 8, 16)), "residual", (16,), source="pool")
    assert problem.value.problems[0].where.node == "pool"
    with pytest.raises(ProblemError):
        insert_block(started((8, 8, 16)), "residual", (8, 8, 16))


def test_blocks_speak_both_languages_and_name_their_source():
    for block in BLOCKS:
        assert block.label.en and block.label.es and block.help.en and block.help.es
        assert block.source.startswith("https://")
