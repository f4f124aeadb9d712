"""What a repeated block costs, and where its problems are shown."""

from __future__ import annotations

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.networks import network_builder
from cnnstudio.core import network_edits
from cnnstudio.core.edits import set_network
from cnnstudio.core.project import Project
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.network.fixes import apply_fix
from cnnstudio.network.shapes import report

CONTEXT = Context(height=32, width=32, channels=3, class_count=4)


def drawn(repeat: int, **block: object) -> Project:
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("Conv2D", filters=8, padding="same")
    drawing.add("Conv2D", id="inner", **({"filters": 8, "padding": "same"} | block))
    drawing.add("ReLU", id="active")
    drawing.add("Flatten")
    drawing.add("Output")
    project = network_edits.group_nodes(set_network(Project(), drawing.network()), ["inner", "active"], "Stage")
    return network_edits.set_group(project, "block", repeat=repeat)


def test_a_repeated_block_counts_as_often():
    once, thrice = (report(drawn(repeat).network, CONTEXT) for repeat in (1, 3))
    assert thrice.problems == ()
    assert thrice.parameters - once.parameters == 2 * once.nodes["inner"].cost.parameters > 0
    assert thrice.order.index("active") < thrice.order.index("inner_r2") < thrice.order.index("flatten")
    code = keras_code(drawn(3).network, CONTEXT)
    assert code.count('name="inner') == 3
    assert "inner_r3" in code


def test_what_is_wrong_in_a_repetition_is_shown_at_its_original():
    # Each repetition without a border takes two pixels; the sixteenth has none left.
    result = report(drawn(16, padding="valid").network, CONTEXT)
    (problem,) = [item for item in result.problems if item.code == "shrinks_below_one"]
    assert problem.where.node == "inner"
    assert "repetition" in problem.text.en
    assert "repetición" in problem.text.es
    mended = apply_fix(drawn(16, padding="valid"), problem.fixes[0])
    assert report(mended.network, CONTEXT).problems == ()


def test_a_block_that_cannot_stand_in_a_row_is_told():
    project = drawn(1)
    project = network_edits.group_nodes(project, ["conv", "active"], "Two ends")
    project = network_edits.set_group(project, project.network.groups[-1].id, repeat=2)
    (problem,) = [item for item in report(project.network, CONTEXT).problems if item.code == "cannot_repeat"]
    assert problem.where.node in ("conv", "active")
    assert report(apply_fix(project, problem.fixes[0]).network, CONTEXT).problems == ()
