"""The list of pretrained bases: where weights come from, and the advice on what should learn."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.advice import FEW, freeze_advice
from cnnstudio.catalog.context import Context
from cnnstudio.network.shapes import report


def test_weights_are_published_over_a_safe_connection_and_checked():
    """Keras Applications give no checksum for MobileNet and MobileNetV2: there names and shapes are checked."""
    for base in BASES:
        if base.weights.bundled:
            continue
        assert base.weights.url.startswith("https://storage.googleapis.com/"), base.id
        kind, _, digest = base.weights.checksum.partition(":")
        assert len(digest) == {"md5": 32, "sha256": 64, "": 0}[kind], base.id
        assert kind or base.id in ("mobilenet", "mobilenet_v2")
    files = [base.weights.file_name for base in BASES if not base.weights.bundled]
    assert len(set(files)) == len(files)


def test_nothing_is_drawn_when_the_catalog_is_imported():
    """The list is in every window and every command: drawing 15,000 layers would be felt."""
    code = ("from cnnstudio.catalog.builder import NetworkBuilder\n"
            "NetworkBuilder.add = None\n"
            "from cnnstudio.catalog.bases import BASES\n"
            "print(len(BASES))\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(len(BASES)), done.stderr


@pytest.mark.parametrize("base", list(BASES), ids=lambda base: base.id)
def test_the_advice_follows_the_field(base):
    """Few and similar: the head alone; few and different: the last block; many: the late blocks, or all."""
    def learns(pictures, similarity):
        line, reason = freeze_advice(pictures, similarity, base)
        assert str(pictures) in reason.en and str(pictures) in reason.es
        assert line in ("none", "all") or line in reason.en
        return len(base.trainable_layers(line))

    everything = len(base.trainable_layers("all"))
    assert learns(FEW - 1, "similar") == 0
    assert 0 < learns(FEW - 1, "different") < everything
    assert learns(FEW, "different") == everything
    assert 0 < learns(FEW, "similar") < everything / 2


@pytest.mark.parametrize("base", list(BASES), ids=lambda base: base.id)
def test_a_base_can_end_at_each_block(base):
    """The cut graph hangs together: one end, the block's last layer, and fewer parameters the earlier it is."""
    size, before = base.input_size, 0
    for block in base.blocks:
        graph = base.graph_for(size, size, block)
        result = report(graph, Context(height=size, width=size, channels=3, class_count=1, normalization="none"),
                       headless=True)
        assert result.problems == ()
        sources = {edge.source for edge in graph.edges}
        assert [node.id for node in graph.nodes if node.id not in sources] == [graph.nodes[-1].id]
        assert base.block_of(graph.nodes[-1].id) == block
        assert before < result.parameters <= base.parameters
        before = result.parameters
    assert graph == base.graph_for(size, size)
