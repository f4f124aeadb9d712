"""Pretrained bases as printed code: short, with every layer under its own name, and read back as what they are."""

from __future__ import annotations

import ast

import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.interchange.printing.block_lines import make_loop
from cnnstudio.interchange.printing.blocks import Step
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.interchange.printing.repetition import find_helpers
from cnnstudio.interchange.printing.statements import Body, Function, Number, Statement, make_function
from cnnstudio.interchange.printing.torch.module import torch_model
from cnnstudio.interchange.source_code import read_code

LARGE = 60
"""Layers of a drawn network from which it is printed by its blocks."""
SHORT = 25
"""Layers of a base that is short however it is printed."""


def around(base: str, **params: object) -> tuple[NetworkSpec, Context]:
    nodes = (Node(id="input", type="Input"), Node(id="base", type="PretrainedBase", params={"base": base, **params}),
             Node(id="output", type="Output"))
    height, width = BASES[base].size
    return (NetworkSpec(nodes=nodes, edges=(Edge(source="input", target="base"), Edge(source="base", target="output"))),
            Context(height=height, width=width, channels=3, class_count=5, normalization="base"))


def settings(base: str) -> list[dict[str, object]]:
    blocks = BASES[base].blocks
    return [{}, {"trainable_from": blocks[len(blocks) // 2], "pooling": "none"},
            {"trainable_from": "all", "ends_at": blocks[-2], "pooling": "max"}]


def is_read_back(base: str, params: dict[str, object]) -> None:
    network, context = around(base, **params)
    back = read_code(keras_code(network, context)).network.nodes
    assert [node.type for node in back] == ["Input", "PretrainedBase", "Dense"]
    assert values_of(back[1], LAYERS["PretrainedBase"]) == values_of(network.nodes[1], LAYERS["PretrainedBase"])


@pytest.mark.parametrize("base", BASES.ids())
def test_a_base_is_read_back_from_its_loops(base):
    """Every layer has the name, the settings and the inputs that it has in the drawing."""
    is_read_back(base, {})


@pytest.mark.nightly
@pytest.mark.parametrize("base", BASES.ids())
def test_a_base_is_read_back_with_its_freeze_line_and_end(base):
    for params in settings(base)[1:]:
        is_read_back(base, params)


@pytest.mark.parametrize("base", BASES.ids())
def test_blocks_are_written_once(base):
    """Much fewer lines than layers, in both languages, and none that a person would not write."""
    network, context = around(base)
    layers = len(BASES[base].graph().nodes)
    for code, most in ((keras_code(network, context), 25 + 0.6 * layers), (torch_model(network, context).code, 90 + layers)):
        assert len(code.splitlines()) < most
        functions = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef)]
        assert all(len(function.args.args) <= 10 for function in functions)
        assert len(functions) > 1 or layers <= SHORT


@pytest.mark.parametrize("template", TEMPLATES.ids())
def test_a_large_architecture_is_written_by_its_blocks_a_small_one_layer_by_layer(template):
    network, context = TEMPLATES[template].network(), Context(height=224, width=224, channels=3, class_count=5)
    layers, lines = len(network.nodes), len(keras_code(network, context).splitlines())
    in_torch = len(torch_model(network, context).code.splitlines())
    if layers < LARGE:
        assert layers <= lines <= layers + 8
    else:
        assert lines < 25 + 0.6 * layers
        assert in_torch < 90 + layers


def test_the_same_base_twice_has_classes_of_its_own():
    network, context = around("resnet50")
    second = Node(id="second", type="PretrainedBase", params={"base": "resnet101"})
    joined = NetworkSpec(
        nodes=(network.nodes[0], network.nodes[1], second, Node(id="joined", type="Concatenate"), network.nodes[2]),
        edges=(Edge(source="input", target="base"), Edge(source="input", target="second"),
               Edge(source="base", target="joined"), Edge(source="second", target="joined", port=1),
               Edge(source="joined", target="output")))
    classes = [node.name for node in ast.parse(torch_model(joined, context).code).body if isinstance(node, ast.ClassDef)]
    assert len(set(classes)) == len(classes)
    assert "Bottleneck" in classes


class Layer:
    """A stand-in for the layers of a printer."""

    key, title = "dense", "Dense"

    def word(self, _arguments):
        return "dense"

    def default(self, _argument):
        return "1"


LAYER = Layer()


def row(name: str, number: int, units: int) -> list[Statement]:
    return [Statement(LAYER, {"units": str(units)}, (-1,), f"{name}_{number}"),
            Statement(LAYER, {"units": str(units)}, (0,), f"{name}_{number + 1}"),
            Statement(LAYER, {"units": "7"}, (1,), f"{name}_{number + 2}")]


def test_what_differs_becomes_parameters_and_numbers_are_counted():
    function, rows = make_function([row("x", 3, 10), row("x", 8, 20)], [Body([]).scope] * 2)
    assert function.parameters == ["number", "units"]
    assert rows == [["3", "10"], ["8", "20"]]
    assert [statement.name for statement in function.body] == ["x_{number}", "x_{number + 1}", "x_{number + 2}"]
    assert [statement.arguments["units"] for statement in function.body] == ["units", "units", "7"]
    assert Number.read("number + 2") == Number("number", 2)
    assert Number.read("2 + number") is None


def test_a_part_that_stands_several_times_becomes_a_function():
    statements: list[Statement] = []
    for place in range(7):
        for statement in row("x", 10 * place + 1, 5 + place):
            inputs = (len(statements) - 1,) if statements else (-1,)
            statements.append(Statement(statement.operation, statement.arguments, inputs, statement.name))
    body = Body(statements)
    (helper,) = find_helpers([body])
    assert [statement.operation for statement in body.statements] == [helper] * 7
    assert [statement.arguments["number"] for statement in body.statements] == [f"{place}1".lstrip("0") for place in range(7)]
    assert [statement.inputs for statement in body.statements] == [(place - 1,) for place in range(7)]


def loop(parameters: list[str], rows: list[list[str]], numbers: frozenset[str] = frozenset()) -> tuple[str, list, list]:
    function = Function(parameters, numbers, [], 1, "block", labels=frozenset({"name"}))
    found = make_loop([Step("", [], Body([]), ("x",), False, function, values) for values in rows])
    return found.target, found.table, found.arguments


def test_loops_count_where_names_and_numbers_do():
    counted = frozenset({"number"})
    assert loop(["name", "number", "units"], [[f'"block{n}"', str(3 * n + 1), "8"] for n in range(2, 7)], counted) == (
        "number", ["range(2, 7)"], ['f"block{number}"', "3 * number + 1", "8"])
    assert loop(["units"], [["64"], ["96"], ["128"]]) == ("units", ["range(64, 160, 32)"], ["units"])
    assert loop(["units"], [["64"], ["96"], ["100"]]) == ("units", ["(64, 96, 100)"], ["units"])
    assert loop(["units"], [["8"], ["8"]]) == ("_", ["range(2)"], ["8"])
    # Two settings that happen to grow with the number are no rule.
    assert loop(["number", "units"], [["1", "64"], ["2", "128"]], counted) == (
        "number, units", ["(", "    (1, 64),", "    (2, 128),", ")"], ["number", "units"])
