"""Problems of a network: each is located, and each of its fixes makes it go away."""

from __future__ import annotations

import sys

import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.networks import network_builder
from cnnstudio.core import edits
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.core.params import Float, check
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import same
from cnnstudio.core.training import TrainingSpec, with_settings
from cnnstudio.interchange.printing.keras.pipeline import operations
from cnnstudio.network.checks import check_network, check_project, check_training
from cnnstudio.network.fixes import FIXES, apply_fix
from cnnstudio.network.shapes import report

CLASSES = 5
PICTURE = [("Conv2D", {"filters": 8, "padding": "same", "activation": "relu"})]
END = [("GlobalAveragePooling2D", {}), ("Output", {})]
MOST_CALLS = 100
"""Calls of Python functions for each layer of a network that is checked."""
DENSE = ("Dense", {"units": CLASSES, "activation": "softmax"})


def chain(*layers: tuple[str, dict], more: tuple[tuple[int, int], ...] = (), without: tuple[tuple[int, int], ...] = ()
          ) -> NetworkSpec:
    """Input and the layers as n0, n1, ... one behind the other; `more` connections are added, `without` left out."""
    nodes = tuple(Node(id=f"n{number}", type=kind, params=values)
                  for number, (kind, values) in enumerate([("Input", {}), *layers]))
    pairs = [(number, number + 1) for number in range(len(nodes) - 1) if (number, number + 1) not in without]
    edges = [Edge(source=f"n{a}", target=f"n{b}", port=port) for port, (a, b) in enumerate([*pairs, *more])]
    return NetworkSpec(nodes=nodes, edges=tuple(edges))


def project(network: NetworkSpec, labels: str = "categorical", normalization: str = "zero_one", **training) -> Project:
    return Project(name="x", network=network, recipe=RecipeSpec(height=32, width=24, normalization=normalization),
                   dataset=DatasetSpec(label_mode=labels), training=with_settings(TrainingSpec(), **training))


def problems(made: Project) -> tuple:
    count = 2 if made.dataset.label_mode == "binary" else CLASSES
    return (*check_network(made, count, BUILT_IN), *check_training(made, BUILT_IN))


CASES = {
    "not_connected": (chain(*PICTURE, *END, ("Dropout", {}), without=((3, 4),)), "n4"),
    "dead_end": (chain(*PICTURE, *END, ("ReLU", {}), ("Dropout", {}), without=((3, 4),), more=((1, 4),)), "n4"),
    "many_inputs": (chain(*PICTURE, *END, ("Input", {}), without=((3, 4),)), "n4"),
    "unknown_layer": (chain(("Imaginary", {}), *END), "n1"),
    "cycle": (chain(("ReLU", {}), ("ReLU", {}), *END, without=((0, 1),), more=((2, 1),)), "n1"),
    "no_output": (chain(), None),
    "too_few_inputs": (chain(("Add", {}), *END), "n1"),
    "too_many_inputs": (chain(*PICTURE, ("ReLU", {}), *END, more=((0, 2),)), "n2"),
    "too_many_inputs of two": (chain(*PICTURE, ("Subtract", {}), *END, more=((1, 2), (1, 2))), "n2"),
    "too_many_inputs of none": (chain(*PICTURE, *END, ("Dropout", {}), without=((3, 4),), more=((4, 0),)), "n0"),
    "value": (chain(("Conv2D", {"filters": 0}), *END), "n1"),
    "unknown_setting": (chain(("Conv2D", {"filter": 3}), *END), "n1"),
    "not_feature_maps": (chain(("Flatten", {}), ("Conv2D", {}), *END), "n2"),
    "not_flat": (chain(*PICTURE, ("Output", {})), "n2"),
    "not_flat at the end": (chain(*PICTURE, ("Dense", {"units": CLASSES})), "n2"),
    "not_flat of a convolution": (chain(*PICTURE), "n1"),
    "not_flat in the middle": (chain(*PICTURE, ("RepeatVector", {}), ("Flatten", {}), ("Output", {})), "n2"),
    "shrinks_below_one": (chain(("MaxPooling2D", {"pool_size": (40, 40)}), *END), "n1"),
    "shrinks_below_one dilated": (chain(("Conv2D", {"kernel_size": (9, 9), "dilation_rate": (5, 5)}), *END), "n1"),
    "shrinks_below_one cropped": (chain(("Cropping2D", {"cropping": (20, 20, 1, 1)}), *END), "n1"),
    "one_column": (chain(("AdaptiveMaxPooling2D", {"output_size": (1, 1)}), *END), "n1"),
    "one_column of several rows": (chain(("AdaptiveMaxPooling2D", {"output_size": (3, 1)}), *END), "n1"),
    "strides_and_dilation": (chain(("Conv2D", {"strides": (2, 2), "dilation_rate": (2, 2)}), *END), "n1"),
    "unequal_strides": (chain(("DepthwiseConv2D", {"strides": (2, 1)}), *END), "n1"),
    "output_padding": (chain(("Conv2DTranspose", {"output_padding": (2, 2)}), *END), "n1"),
    "groups": (chain(("Conv2D", {"filters": 8, "groups": 2}), *END), "n1"),
    "groups normalised": (chain(("GroupNormalization", {"groups": 32}), *END), "n1"),
    "channels_differ": (chain(("Rescaling", {"scale": (1.0, 2.0)}), *END), "n1"),
    "channels_differ kinds": (chain(("Normalization", {"mean": (1.0, 2.0, 3.0)}), *END), "n1"),
    "negative_variance": (chain(("Normalization", {"variance": -1.0}), *END), "n1"),
    "reshape": (chain(("Reshape", {"target_shape": (7, -1)}), ("Flatten", {}), ("Output", {})), "n1"),
    "reshape twice": (chain(("Reshape", {"target_shape": (-1, -1)}), ("Flatten", {}), ("Output", {})), "n1"),
    "permute": (chain(("Permute", {"dims": (2, 1)}), *END), "n1"),
    "no_such_axis": (chain(*PICTURE, ("GlobalAveragePooling2D", {}), ("Softmax", {"axis": 2}), ("Output", {})), "n3"),
    "no_such_axis shared": (chain(("Flatten", {}), ("PReLU", {"shared_axes": (1, 2)}), ("Output", {})), "n2"),
    "not_places": (chain(("Flatten", {}), ("MultiHeadAttention", {"key_dim": 2}), ("Flatten", {}), ("Output", {})), "n2"),
    "not_places of a picture": (chain(("Attention", {}), ("Flatten", {}), ("Output", {})), "n1"),
    "shapes_differ stride": (chain(("Conv2D", {"filters": 8, "strides": (2, 3), "padding": "same"}), ("Add", {}), *END,
                                   more=((0, 2),)), "n2"),
    "shapes_differ gate": (chain(*PICTURE, ("GlobalAveragePooling2D", {}), ("Multiply", {}), *END, more=((1, 3),)), "n3"),
    "shapes_differ rows": (chain(("Flatten", {}), ("Dense", {"units": 7}), ("Average", {}), ("Output", {}), more=((1, 3),)),
                           "n3"),
    "shapes_differ joined": (chain(*PICTURE, ("MaxPooling2D", {}), ("Concatenate", {}), *END, more=((1, 3),)), "n3"),
    "shapes_differ kinds": (chain(*PICTURE, ("Flatten", {}), ("Concatenate", {}), ("Output", {}), more=((1, 3),)), "n3"),
    "wrong_units": (chain(*PICTURE, ("Flatten", {}), ("Dense", {"units": 3, "activation": "softmax"})), "n3"),
    "wrong_activation": (chain(*PICTURE, ("Flatten", {}), ("Dense", {"units": CLASSES, "activation": "relu"})), "n3"),
    "wrong_activation apart": (chain(*PICTURE, ("Flatten", {}), ("Dense", {"units": CLASSES}),
                                     ("Activation", {"activation": "sigmoid"})), "n4"),
    "wrong_activation pooled": (chain(("Conv2D", {"filters": CLASSES}), ("GlobalAveragePooling2D", {})), "n2"),
    "activation_twice": (chain(*PICTURE, ("ReLU", {}), *END), "n2"),
    "activation_twice in layers": (chain(("ReLU", {}), ("Activation", {"activation": "tanh"}), *END), "n2"),
    "answered_twice": (chain(("Flatten", {}), ("Dense", {"units": CLASSES, "activation": "softmax"}), ("Output", {})), "n2"),
    "answered_twice apart": (chain(("Flatten", {}), ("Dense", {"units": CLASSES}), ("Softmax", {}), ("Output", {})), "n3"),
    "normalized_twice": (chain(*PICTURE, ("BatchNormalization", {}), ("BatchNormalization", {}), *END), "n3"),
    "double_normalization": (chain(("ZeroPadding2D", {}), ("Rescaling", {}), *PICTURE, *END), "n2"),
    "giant_dense": (chain(("Conv2D", {"filters": 32}), ("Flatten", {}), ("Dropout", {}), ("Dense", {"units": 100}),
                          ("Output", {})), "n4"),
    "useless_bias": (chain(("Conv2D", {}), ("BatchNormalization", {}), ("Conv2D", {}), ("BatchNormalization", {}), *END),
                     "n1"),
    "small_batch": (chain(("Conv2D", {"use_bias": False}), ("BatchNormalization", {"momentum": 0.9}), *END), None),
}


@pytest.mark.parametrize("case", CASES)
def test_a_problem_is_located_and_every_fix_mends_it(case):
    network, node = CASES[case]
    code = case.split()[0]
    made = project(network, batch_size=4 if code == "small_batch" else 32)
    found = [problem for problem in problems(made) if problem.code == code]
    assert node in [problem.where.node for problem in found]
    problem = next(problem for problem in found if problem.where.node == node)
    assert problem.text.en and problem.text.es and problem.text.en != problem.text.es
    assert problem.fixes
    for fix in problem.fixes:
        assert fix.label.en and fix.label.es
        mended = apply_fix(made, fix)
        left = [(each.code, each.where.node) for each in problems(mended)]
        assert (code, problem.where.node) not in left, fix
        blocking = {each.code for each in problems(made) if each.blocks}
        assert {each.code for each in problems(mended) if each.blocks} <= blocking | ALLOWED.get(code, set()), fix


ALLOWED = {
    "not_places": {"not_flat"}, "permute": {"not_flat"}, "reshape": {"not_flat"}, "not_feature_maps": {"shrinks_below_one"},
    "too_few_inputs": {"too_few_inputs"}, "too_many_inputs": {"shapes_differ"},
    "cycle": {"not_connected", "too_few_inputs", "dead_end"}, "no_output": {"not_flat"},
    "not_flat": {"wrong_units", "wrong_activation"},
}
"""What may come to light once the first problem is mended."""


def test_every_fix_of_a_problem_of_a_network_is_known_to_the_table():
    used = {fix.action for network, _node in CASES.values() for problem in problems(project(network))
            for fix in problem.fixes}
    assert used <= set(FIXES)
    assert len(used) > 12


@pytest.mark.parametrize(("units", "activation", "code"), [
    (2, "softmax", "softmax_with_binary"), (1, "softmax", "softmax_with_binary"), (2, "sigmoid", "wrong_units"),
    (1, "relu", "wrong_activation"), (1, None, "wrong_activation"), (1, "sigmoid", None)])
def test_the_answer_for_binary_labels(units, activation, code):
    made = project(chain(*PICTURE, ("Flatten", {}), ("Dense", {"units": units, "activation": activation})), "binary")
    blocking = [problem for problem in problems(made) if problem.blocks]
    assert [problem.code for problem in blocking] == ([code] if code else [])
    for problem in blocking:
        for fix in problem.fixes:
            mended = apply_fix(made, fix)
            rest = [each for each in problems(mended) if each.blocks]
            if rest:  # the units were right, and the activation comes to light
                mended = apply_fix(mended, rest[0].fixes[-1])
            assert [each.code for each in problems(mended) if each.blocks] == []


def test_softmax_as_a_layer_is_an_answer():
    ends = [[("Dense", {"units": CLASSES}), ("Softmax", {})], [DENSE, ("Dropout", {})],
            [("Dense", {"units": CLASSES}), ("Activation", {"activation": "softmax"}), ("Identity", {})]]
    for end in ends:
        assert [each.code for each in problems(project(chain(*PICTURE, ("Flatten", {}), *end))) if each.blocks] == []


def test_a_rescaling_in_the_middle_and_one_without_the_recipes_are_no_double():
    middle = chain(*PICTURE, ("Rescaling", {"scale": 0.1}), *END)
    assert "double_normalization" not in [each.code for each in problems(project(middle))]
    first = chain(("Rescaling", {}), *PICTURE, *END)
    assert "double_normalization" not in [each.code for each in problems(project(first, normalization="none"))]


def test_one_convolution_suits_the_shorter_way_whatever_the_stride():
    for strides in ((1, 1), (2, 2), (2, 3), (5, 4)):
        made = project(chain(("Conv2D", {"filters": 16, "strides": strides, "padding": "same"}), ("Add", {}), *END,
                             more=((0, 2),)))
        problem = next(each for each in problems(made) if each.code == "shapes_differ")
        mended = apply_fix(made, problem.fixes[0])
        added = mended.network.nodes[-1]
        assert (added.type, added.params["filters"], added.params["strides"]) == ("Conv2D", 16, strides)
        assert [each for each in problems(mended) if each.blocks] == []


def residual_project(blocks: int) -> Project:
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("Conv2D", filters=64, kernel_size=(7, 7), strides=(2, 2), padding="same")
    for _number in range(blocks):
        start = drawing.last
        for filters, size in ((16, 1), (16, 3), (64, 1)):
            drawing.add("Conv2D", filters=filters, kernel_size=(size, size), padding="same")
            drawing.add("BatchNormalization", epsilon=1.001e-5)
            drawing.add("Activation", activation="relu")
        drawing.add("Add", start, drawing.last)
    drawing.add("GlobalAveragePooling2D")
    drawing.add("Output")
    return project(drawing.network())


def calls_of_check(made: Project) -> int:
    """How many Python functions `check_network` calls."""
    count = 0

    def profile(_frame, event, _argument):
        nonlocal count
        count += event == "call"

    previous = sys.getprofile()
    sys.setprofile(profile)
    try:
        check_network(made, CLASSES, BUILT_IN)
    finally:
        sys.setprofile(previous)
    return count


def test_the_work_of_a_check_grows_with_the_number_of_layers_only():
    """It runs while somebody types: twice the layers, twice the calls; what has not changed is not computed again."""
    half, whole = residual_project(25), residual_project(50)
    assert len(whole.network.nodes) > 500
    few, many, again = calls_of_check(half), calls_of_check(whole), calls_of_check(whole)
    assert many < 2.2 * few
    assert many < MOST_CALLS * len(whole.network.nodes)
    assert again < many / 2
    assert report(whole.network, context_of(whole, CLASSES, BUILT_IN)).problems == ()


def test_a_mended_network_is_undoable_data():
    """Fixes are pure: the project they start from stays as it was."""
    made = project(CASES["shapes_differ stride"][0])
    before = made.network
    problem = next(each for each in problems(made) if each.code == "shapes_differ")
    apply_fix(made, problem.fixes[0])
    assert made.network == before
    assert edits.set_network(made, before) == made


def test_numbers_in_spanish_sentences_have_spanish_signs():
    network, _node = CASES["giant_dense"]
    told = next(each for each in problems(project(network)) if each.code == "giant_dense").text
    numbers = {word for word in told.es.replace("\u202f", "").split() if word[0].isdigit()}
    assert "21,120" in told.en and "21120" in numbers
    kept = next(each for each in operations(project(network), CLASSES, 1000) if each.id == "cache").text
    assert ("2.3 MB" in kept.en, "2,3 MB" in kept.es) == (True, True)
    told = check((Float(name="rate", default=0.2, minimum=0.05, maximum=0.9, label=same("rate"), help=same("x")),),
                 {"rate": 4.0}, "network")[0].text
    assert ("0.05 to 0.9" in told.en, "0,05 a 0,9" in told.es) == (True, True)


def test_a_class_without_validation_pictures_is_told() -> None:
    project = Project(dataset=DatasetSpec(source="pictures"))
    counts = {"a": {"train": 20, "validation": 4}, "b": {"train": 20}}
    problems = {problem.code: problem for problem in check_project(project, ("a", "b"), counts, BUILT_IN)}
    assert "b" in problems["class_without_validation"].text.en
    both = {"a": {"train": 20}, "b": {"train": 20}}
    codes = {problem.code for problem in check_project(project, ("a", "b"), both, BUILT_IN)}
    assert "class_without_validation" not in codes
    assert "no_validation_pictures" in codes
