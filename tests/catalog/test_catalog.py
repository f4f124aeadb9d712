"""Every entry of every registry, and what follows from the entries, without Keras."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.call import Call, P, literal
from cnnstudio.catalog.context import Context, context_of
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.steps import RECIPE_STEPS
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core import edits
from cnnstudio.core.layout import WIDTH, layered
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.core.params import check
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.network.checks import check_project
from cnnstudio.network.fixes import FIXES, apply_fix
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.network.shapes import report
from cnnstudio.network.summary import summary, title

CONTEXT = Context(height=64, width=64, channels=3, class_count=5)
COUNTS = {name: {"train": 50, "validation": 10, "test": 10} for name in ("cat", "dog")}
WINDOW_ACTIONS = {"open_gallery", "choose_folder", "open_page", "fetch_base"}


@pytest.mark.parametrize("base", list(BASES), ids=lambda base: base.id)
def test_bases_have_their_published_size(base):
    graph = base.graph()
    result = report(graph, Context(height=base.input_size, width=base.input_size, channels=3, class_count=1), headless=True)
    assert result.problems == ()
    assert result.parameters == base.parameters
    assert result.nodes[graph.nodes[-1].id].shape[-1] == base.features
    assert base.trainable_layers("none") == frozenset()
    assert base.trainable_layers(base.blocks[-1]) < base.trainable_layers("all")
    assert {base.block_of(node.id) for node in graph.nodes} == {"", *base.blocks}


def test_defaults_follow_the_pictures():
    photos = new_project("x", "/p", Facts(classes=("a1", "b1"), median_height=400, median_width=500))
    assert photos.network.origin == "efficientnet_lite0"
    assert photos.recipe.normalization == "base"
    digits = new_project("x", "/p", Facts(classes=tuple("0123456789"), median_height=28, median_width=28, grey=True))
    assert digits.network.origin == "lenet5"
    assert digits.recipe.shape == (28, 28, 1)
    assert "random_flip" not in [step.type for step in digits.augmentation.steps]


def test_calls_leave_out_what_is_keras_own_default():
    call = Call("keras.layers.Conv2D", {"filters": P("filters"), "padding": P("padding")}, {"padding": "valid"})
    assert call.code({"filters": 8, "padding": "valid"}) == "keras.layers.Conv2D(filters=8)"
    assert call.build({"filters": 8, "padding": "same"}, lambda _name: dict) == {"filters": 8, "padding": "same"}
    assert literal(("a", (1,))) == '("a", (1,))'


@pytest.mark.parametrize("template", [*TEMPLATES.ids(), "efficientnet_lite0"])
def test_printed_code_is_python(template):
    chosen = {"base": template} if template in BASES else {"template": template}
    project = new_project("x", "/p", Facts(classes=("a", "b")), **chosen)
    code = keras_code(project.network, context_of(project, 2, BUILT_IN))
    ast.parse(code)
    assert "model = " in code


def network(*nodes: tuple[str, dict], edges: tuple[tuple[int, int], ...] | None = None) -> NetworkSpec:
    layers = tuple(Node(id=f"n{index}", type=kind, params=values) for index, (kind, values) in enumerate(nodes))
    pairs = edges if edges is not None else tuple((index, index + 1) for index in range(len(nodes) - 1))
    return NetworkSpec(nodes=layers, edges=tuple(Edge(source=f"n{a}", target=f"n{b}", port=index)
                                               for index, (a, b) in enumerate(pairs)))


def codes(spec: NetworkSpec, context: Context = CONTEXT) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.where.node) for problem in report(spec, context).problems]


def test_shapes_costs_and_receptive_field_by_hand():
    result = report(network(("Input", {}), ("Conv2D", {"filters": 8, "kernel_size": (5, 5), "strides": (2, 2)}),
                           ("MaxPooling2D", {}), ("Flatten", {}), ("Output", {})), CONTEXT)
    assert result.problems == ()
    assert [result.nodes[f"n{index}"].shape for index in range(5)] == [(64, 64, 3), (30, 30, 8), (15, 15, 8), (1800,), (5,)]
    assert result.nodes["n1"].cost.parameters == 5 * 5 * 3 * 8 + 8
    assert result.nodes["n1"].cost.multiply_adds == 30 * 30 * 5 * 5 * 3 * 8
    assert result.nodes["n2"].field.size == (7, 7)
    assert result.nodes["n4"].cost.parameters == 1800 * 5 + 5


@pytest.mark.parametrize(("spec", "expected"), [
    (NetworkSpec(), ("empty_network", None)),
    (network(("Conv2D", {}), ("Output", {})), ("no_input", None)),
    (network(("Input", {}), ("Output", {})), ("not_flat", "n1")),
    (network(("Input", {}), ("Conv2D", {"kernel_size": (99, 99)}), ("Flatten", {}), ("Output", {})),
     ("shrinks_below_one", "n1")),
    (network(("Input", {}), ("Flatten", {}), ("Conv2D", {}), ("Output", {})), ("not_feature_maps", "n2")),
    (network(("Input", {}), ("Flatten", {}), ("Dense", {"units": 3, "activation": "softmax"})), ("wrong_units", "n2")),
    (network(("Input", {}), ("Flatten", {}), ("Dense", {"units": 5, "activation": "relu"})), ("wrong_activation", "n2")),
    (network(("Input", {}), ("Flatten", {}), ("Output", {}), ("Dropout", {}), edges=((0, 1), (1, 2))),
     ("not_connected", "n3")),
    (network(("Input", {}), ("Flatten", {}), ("Output", {}), ("Dropout", {}), edges=((0, 1), (1, 2), (1, 3))),
     ("dead_end", "n3")),
    (network(("Input", {}), ("Imaginary", {}), ("Output", {})), ("unknown_layer", "n1")),
    (network(("Input", {}), ("GroupNormalization", {}), ("Flatten", {}), ("Output", {})), ("groups", "n1")),
    (network(("Input", {}), ("Add", {}), ("Flatten", {}), ("Output", {})), ("too_few_inputs", "n1")),
    (network(("Input", {}), ("Conv2D", {"filters": 0}), ("Flatten", {}), ("Output", {})), ("value", "n1")),
    (network(("Input", {}), ("Conv2D", {}), ("Add", {}), ("Flatten", {}), ("Output", {}),
             edges=((0, 1), (1, 2), (0, 2), (2, 3), (3, 4))), ("shapes_differ", "n2")),
    (network(("Input", {}), ("ReLU", {}), ("ReLU", {}), ("Output", {}), edges=((0, 3), (1, 2), (2, 1))), ("cycle", "n1")),
], ids=lambda value: value[0] if isinstance(value, tuple) else "")
def test_problems_are_located(spec, expected):
    assert expected in codes(spec)


def test_fixes_mend():
    project = edits.set_network(new_project("x", "/p", Facts(classes=("cat", "dog")), template="small_cnn"),
                                network(("Input", {}), ("Conv2D", {"kernel_size": (99, 99)}), ("Output", {})))
    for _round in range(8):
        problems = [problem for problem in check_project(project, ("cat", "dog"), COUNTS, BUILT_IN) if problem.blocks]
        if not problems:
            break
        project = apply_fix(project, problems[0].fixes[0])
    assert [problem for problem in check_project(project, ("cat", "dog"), COUNTS, BUILT_IN) if problem.blocks] == []


def test_taking_over_and_following_again():
    from cnnstudio.network.fixes import take_over_output

    project = new_project("x", "/p", Facts(classes=("cat", "dog")), template="lenet5")
    taken = take_over_output(project, "output", 1, "sigmoid")
    assert taken.network.node("output").type == "Dense"
    assert [problem for problem in check_project(taken, ("cat", "dog"), COUNTS, BUILT_IN) if problem.blocks] == []
    wrong = [problem for problem in check_project(taken, ("cat", "dog", "cow"), COUNTS, BUILT_IN)
             if problem.code == "wrong_units"]
    assert wrong == [] or wrong[0].fixes
    again = FIXES["follow_classes"](taken, node="output")
    assert again.network.node("output").type == "Output"


TYPES = st.sampled_from([*LAYERS.ids(), "Imaginary"])
VALUES = st.fixed_dictionaries({}, optional={
    "filters": st.integers(-1, 40), "kernel_size": st.tuples(st.integers(0, 9), st.integers(1, 9)), "units": st.integers(0, 9),
    "strides": st.tuples(st.integers(1, 4), st.integers(1, 4)), "padding": st.sampled_from(["same", "valid", "odd"]),
    "groups": st.integers(0, 5), "rate": st.floats(allow_nan=True)})


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TYPES, VALUES), max_size=8),
       st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=12), st.integers(1, 70), st.sampled_from([1, 3, 4]))
def test_no_network_makes_the_report_raise(nodes, pairs, size, channels):
    spec = network(*nodes, edges=tuple(pairs))
    context = Context(height=size, width=size + 3, channels=channels, class_count=2)
    result = report(spec, context)
    assert set(result.nodes) == {node.id for node in spec.nodes}
    for node in spec.nodes:
        assert isinstance(summary(node, context) if LAYERS.find(node.type) is None or not result.of(node.id) else "", str)
        assert title(node, BUILT_IN)
    if not result.problems:
        assert result.nodes[result.output].shape == (context.output_units,)


def test_many_small_classes_are_one_problem():
    project = new_project("x", "/p", Facts(classes=("cat", "dog")), base="efficientnet_lite0")

    def class_problems(number: int, train: int):
        counts = {"big": {"train": 90}, **{f"c{item}": {"train": train, "test": 9} for item in range(number)}}
        codes = ("few_pictures", "class_without_training")
        return [item for item in check_project(project, tuple(counts), counts, BUILT_IN) if item.code in codes]

    assert [item.text.en for item in class_problems(2, 1)] == [
        f"The class c{number} has few training pictures: only 1." for number in range(2)]
    (few,) = class_problems(60, 4)
    assert few.text.es == ("60 clases tienen menos de 10 imágenes de entrenamiento: c0, c1, c2, c3, c4, c5, c6, c7 y 52 más.")
    (none,) = class_problems(4, 0)
    assert none.blocks
    assert none.text.en == "4 classes have no training pictures: c0, c1, c2, c3."
    assert none.fixes == (), "two classes must be left"


def test_classes_without_training_pictures_can_be_hidden_or_drawn_anew():
    project = new_project("x", "/p", Facts(classes=("cat", "dog")), base="efficientnet_lite0")
    project = edits.set_field(project, "dataset", "hidden_classes", ("z",))
    counts = {"a": {"train": 90}, "b": {"train": 90}, "held": {"test": 9}, "none": {"test": 9}}

    def fix_actions(splits: Mapping[str, Mapping[str, int]], **more: Any) -> list[tuple[str, ...]]:
        problems = check_project(project, tuple(splits), splits, BUILT_IN, **more)
        return [tuple(fix.action for fix in item.fixes) for item in problems if item.code == "class_without_training"]

    assert fix_actions(counts, pinned=("a", "held")) == [("draw_splits", "hide_classes"), ("hide_classes",)]
    many = {"a": {"train": 90}, "b": {"train": 90}, **{f"c{number}": {"test": 9} for number in range(5)}}
    (problem,) = [item for item in check_project(project, tuple(many), many, BUILT_IN, ("c1", "c3"))
                  if item.code == "class_without_training"]
    draw, hide = problem.fixes
    assert draw.arguments == {"classes": ["c1", "c3"]}
    assert apply_fix(project, hide).dataset.hidden_classes == ("z", "c0", "c1", "c2", "c3", "c4")
    project = edits.set_field(project, "dataset.splits", "train", 0.0)
    assert ("draw_splits", "hide_classes") not in fix_actions(counts, pinned=("held",)), "the draw would give it none"


def test_check_project_finds_everything_at_once():
    project = new_project("x", "/p", Facts(classes=("cat", "dog")), base="efficientnet_lite0")
    project = edits.set_field(project, "recipe", "normalization", "zero_one")
    project = edits.set_field(project, "training", "batch_size", 0)
    project = edits.set_field(project, "dataset", "label_mode", "binary")
    counts = {"a": {"test": 3}, "b": {"train": 90}}
    problem_codes = {problem.code for problem in check_project(project, ("a", "b", "c"), counts, BUILT_IN)}
    assert {"double_normalization", "value", "binary_needs_two", "class_without_training", "few_pictures"} & problem_codes >= {
        "double_normalization", "value", "binary_needs_two", "class_without_training"}
    for problem in check_project(project, ("a", "b", "c"), {"b": {"train": 90}}, BUILT_IN):
        for fix in problem.fixes:
            assert fix.action in FIXES or fix.action in WINDOW_ACTIONS


@pytest.mark.parametrize("template", TEMPLATES.ids())
def test_the_layout_overlaps_nothing_and_runs_downwards(template):
    spec = TEMPLATES[template].network()
    places = layered([node.id for node in spec.nodes], [(edge.source, edge.target) for edge in spec.edges])
    for edge in spec.edges:
        assert places[edge.source][1] < places[edge.target][1]
    rows: dict[float, list[float]] = {}
    for x, y in places.values():
        rows.setdefault(y, []).append(x)
    for row in rows.values():
        ordered = sorted(row)
        assert all(right - left >= WIDTH for left, right in zip(ordered, ordered[1:], strict=False))


def test_values_are_completed():
    assert values_of(Node(id="x", type="Conv2D", params={"filters": 3}), LAYERS["Conv2D"])["padding"] == "valid"


@pytest.mark.parametrize("step", ["gaussian_blur", "median_blur"])
def test_blur_kernels_are_odd(step):
    assert check(RECIPE_STEPS[step].params, {"kernel_size": 4}, "recipe")[0].where.field == "kernel_size"
    assert check(RECIPE_STEPS[step].params, {"kernel_size": 5}, "recipe") == ()


def test_missing_weights_are_told_before_a_training(tmp_path):
    project = new_project("x", "/p", Facts(classes=("cat", "dog")), base="mobilenet_v2")
    problem = next(item for item in check_project(project, ("cat", "dog"), COUNTS, BUILT_IN) if item.blocks)
    assert problem.code == "weights_missing"
    assert [fix.action for fix in problem.fixes] == ["fetch_base", "set_node_param"]
    chosen = apply_fix(project, problem.fixes[1])
    problems = check_project(chosen, ("cat", "dog"), COUNTS, BUILT_IN)
    assert [problem.where.field for problem in problems if problem.blocks] == ["weights_file"]
    (tmp_path / "own.h5").write_bytes(b"x")
    chosen = edits.set_node_param(chosen, "base", "weights_file", str(tmp_path / "own.h5"))
    assert [item for item in check_project(chosen, ("cat", "dog"), COUNTS, BUILT_IN) if item.blocks] == []
    BASES["mobilenet_v2"].weights.cached.parent.mkdir(parents=True)
    BASES["mobilenet_v2"].weights.cached.write_bytes(b"x")
    assert [item for item in check_project(project, ("cat", "dog"), COUNTS, BUILT_IN) if item.blocks] == []


@pytest.mark.parametrize(("template", "is_global"), [("lenet5", False), ("resnet18", False), ("efficientnet_b0", True)])
def test_the_receptive_field_of_the_network_is_that_of_its_last_map(template, is_global):
    entry = TEMPLATES[template]
    size = max(entry.minimum_size, 64)
    field = report(entry.network(), Context(height=size, width=size, channels=3, class_count=2)).field
    assert field.is_global is is_global
    if not is_global:
        assert field.size > (10, 10)
