"""The drawing of networks and bases: every layer with weights is in it, and what repeats is found."""

from __future__ import annotations

from collections import Counter

import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core.network import BASE, Edge, NetworkSpec, Node
from cnnstudio.network.diagram import Block, Fork, Repeat, blocks_of, counted_blocks, draw_network
from cnnstudio.network.freeze_line import freeze_line
from cnnstudio.network.shapes import report


def context_of(template):
    size = template.recipe["height"]
    channels = 1 if template.recipe.get("color_mode") == "grayscale" else 3
    return Context(height=size, width=size, channels=channels, class_count=10)


def drawn(identifier, most=36):
    template = TEMPLATES[identifier]
    return draw_network(template.network(), context_of(template), most)


def parts(identifier, most=36):
    return drawn(identifier, most).sections[0].parts


@pytest.mark.parametrize("identifier", TEMPLATES.ids())
def test_every_layer_with_weights_is_drawn_once(identifier):
    template = TEMPLATES[identifier]
    result = report(template.network(), context_of(template), headless=True)
    wanted = {node.id for node in result.network.nodes if result.nodes[node.id].cost.parameters
              and LAYERS[node.type].family not in ("normalization", "activation")}
    blocks = Counter(block.node for block in drawn(identifier, 10_000).blocks)
    assert wanted <= set(blocks) and set(blocks.values()) == {1}


@pytest.mark.parametrize("identifier", TEMPLATES.ids())
def test_repetitions_stand_for_all_layers(identifier):
    whole = Counter(block.type for block in drawn(identifier, 10_000).blocks)
    short = Counter()
    for block, count in counted_blocks(parts(identifier)):
        short[block.type] += count
    if identifier == "efficientnet_b0":
        # Sixteen squeeze-and-excite gates of two convolutions and a pooling are drawn as the multiplication each.
        assert short["Multiply"] == 16
        short += Counter({"Conv2D": 32, "GlobalAveragePooling2D": 16})
        del short["Multiply"]
    assert short == whole


@pytest.mark.parametrize(("identifier", "counts"), [
    ("resnet50", [2, 3, 5, 2]), ("resnet152", [2, 7, 35, 2]), ("densenet121", [6, 12, 24, 16]), ("googlenet", [2, 5, 2]),
    ("xception", [8]), ("vgg16", []), ("resnet18", [])])
def test_published_depths_are_found(identifier, counts):
    assert [part.count for part in parts(identifier) if isinstance(part, Repeat) and isinstance(part.parts[0], Fork)] == counts


def test_a_residual_block_has_a_way_around_and_an_inception_module_has_branches():
    skips = [part for part in parts("residual") if isinstance(part, Fork)]
    assert [(fork.skip, fork.sums, len(fork.branches)) for fork in skips] == [
        (True, True, 1), (False, True, 2), (False, True, 2)]
    modules = [part for part in parts("inception") if isinstance(part, Fork)]
    assert [(fork.skip, fork.sums, len(fork.branches)) for fork in modules] == [(False, False, 4)] * 2
    assert all(isinstance(part, Block) for part in parts("vgg19"))


def test_a_convolution_of_single_positions_is_told_from_others():
    block = next(part.parts[0] for part in parts("resnet50") if isinstance(part, Repeat))
    assert [layer.mixes for layer in block.branches[0]] == [True, False, True]


def test_a_broken_network_is_drawn_as_far_as_its_shapes_are_known():
    nodes = (Node(id="input", type="Input"), Node(id="conv", type="Conv2D", params={"filters": 4}),
             Node(id="huge", type="Conv2D", params={"kernel_size": (99, 99)}), Node(id="odd", type="NoSuchLayer"))
    edges = (Edge(source="input", target="conv"), Edge(source="conv", target="huge"), Edge(source="huge", target="odd"))
    diagram = draw_network(NetworkSpec(nodes=nodes, edges=edges), Context(height=32, width=32, channels=3, class_count=2))
    assert [block.node for block in diagram.blocks] == ["input", "conv"]
    assert draw_network(NetworkSpec(), Context(height=32, width=32, channels=3, class_count=2)).blocks == []


@pytest.mark.parametrize("identifier", BASES.ids())
def test_every_block_of_a_base_is_drawn_and_holds_the_line(identifier):
    base = BASES[identifier]
    line = freeze_line(base, base.size)
    assert line.blocks == base.blocks and [section.name for section in line.diagram.sections] == list(base.blocks)
    for section in line.diagram.sections:
        assert {base.block_of(block.node) for block in blocks_of(section.parts)} <= {section.name, ""}
        assert blocks_of(section.parts)
    assert [line.index(line.value(index)) for index in range(len(base.blocks) + 1)] == list(range(len(base.blocks) + 1))
    assert line.learning[-1] == 0 and list(line.learning) == sorted(line.learning, reverse=True)
    assert line.parameters == base.parameters
    # A tangle of lanes cannot be read.
    assert max((len(part.branches) for section in line.diagram.sections for part in section.parts
                if isinstance(part, Fork)), default=0) <= 14


@pytest.mark.parametrize("identifier", ["efficientnet_lite0", "inception_v3", "nasnet_mobile", "convnext_tiny"])
@pytest.mark.parametrize("ends_at", ["all", 2])
def test_the_weights_that_learn_are_those_of_the_network(identifier, ends_at):
    base = BASES[identifier]
    end = base.blocks[ends_at] if ends_at != "all" else ends_at
    line = freeze_line(base, (128, 96), end)
    for index in (0, 1, len(line.blocks)):
        params = {"base": identifier, "trainable_from": line.value(index), "ends_at": end}
        network = NetworkSpec(nodes=(Node(id="input", type="Input"), Node(id="base", type=BASE, params=params)),
                              edges=(Edge(source="input", target="base"),))
        cost = report(network, Context(height=128, width=96, channels=3, class_count=2), headless=True).nodes["base"].cost
        assert (line.learning[index], line.parameters) == (cost.trainable, cost.parameters)


def test_pictures_that_do_not_fit_give_the_drawing_for_the_bases_own():
    base = BASES["inception_v3"]
    assert freeze_line(base, (8, 8)).diagram == freeze_line(base, base.size).diagram


def test_published_figures_name_their_source():
    assert all(base.top1_source.startswith("https://") for base in BASES if base.top1)
