"""The architecture bench: its numbers are the program's own, and the printed formulas give the same."""

from __future__ import annotations

from functools import partial
from io import StringIO

import msgspec
import numpy as np
import pytest

from cnnstudio.learning.benches.architecture.code import formula_code
from cnnstudio.learning.benches.architecture.design import (
    ENDS,
    LIMITS,
    PADDINGS,
    POOLINGS,
    Design,
    context_of_design,
    convolutional,
    to_design,
)
from cnnstudio.learning.benches.architecture.measures import SIDES, field_box, growth, measure, measure_both
from cnnstudio.network.shapes import report


def random_design(rng: np.random.Generator) -> Design:
    return Design(side=int(rng.choice(SIDES)), channels=int(rng.integers(1, 5)), classes=int(rng.integers(2, 200)),
                  depth=int(rng.integers(1, 6)), filters=int(rng.integers(1, 40)), doubling=bool(rng.random() < 0.5),
                  kernel=int(rng.integers(1, 8)), stride=int(rng.integers(1, 4)), padding=str(rng.choice(PADDINGS)),
                  pooling=str(rng.choice(POOLINGS)), end=str(rng.choice(ENDS)), units=int(rng.integers(1, 300)))


def run(source: str) -> list[list[str]]:
    printed = StringIO()
    exec(source, {"print": partial(print, file=printed)})
    return [line.split() for line in printed.getvalue().splitlines()]


def test_the_formulas_give_the_numbers_of_the_bench() -> None:
    rng = np.random.default_rng(5)
    compared = 0
    while compared < 200:
        design = random_design(rng)
        own, _dense = measure_both(design)
        if own.problems:
            continue
        compared += 1
        lines = run(formula_code(design))
        assert lines[-1] == ["parameters", str(own.parameters)], design
        printed = [[line[0], *map(int, line[1:])] for line in lines[:-1]]
        shown = []
        for item in own.rows:
            if item.type in ("Conv2D", "MaxPooling2D", "AveragePooling2D"):
                shown.append([item.type, item.shape[0], item.shape[2], item.parameters, item.multiply_adds, item.field,
                              item.jump])
            elif item.type in ("Dense", "Output"):
                shown.append(["Dense", 1, item.shape[0], item.parameters, item.multiply_adds])
        assert printed == shown, design


def test_the_box_on_the_picture_is_the_receptive_field_cut_at_the_border() -> None:
    rng = np.random.default_rng(6)
    for _ in range(100):
        design = msgspec.structs.replace(random_design(rng), side=int(rng.integers(24, 80)))
        result = report(convolutional(design), context_of_design(design), headless=True)
        for identifier, node in result.nodes.items():
            box = field_box(design, identifier, (0.5, 0.5))
            if node.shape is None:
                assert box is None
            elif len(node.shape) == 3:
                top, left, high, wide = box
                assert top >= 0 and left >= 0 and top + high <= design.side and left + wide <= design.side
                assert high <= node.field.size[0] and wide <= node.field.size[1]
                if design.padding == "valid":
                    # Without padding no value sees anything but the picture.
                    assert (high, wide) == node.field.size
            else:
                assert box == (0, 0, design.side, design.side)


def test_dense_grows_with_the_picture_and_convolutions_do_not() -> None:
    found = growth(Design())
    assert len(set(found.convolutional)) == 1
    assert all(one < other for one, other in zip(found.dense, found.dense[1:], strict=False))
    own, dense = measure_both(Design(side=224))
    assert dense.parameters > 100 * own.parameters


def test_an_impossible_design_says_why_and_has_no_growth_there() -> None:
    design = Design(side=16, depth=5, padding="valid", kernel=5)
    own, _dense = measure_both(design)
    assert own.problems and "larger" in own.problems[0].en
    assert growth(design).convolutional[SIDES.index(16)] is None


@pytest.mark.parametrize(("values", "expected"), [
    ({"side": 10_000, "kernel": 0}, {"side": 512, "kernel": 1}),
    ({"padding": "wide", "pooling": 3, "doubling": "yes", "unknown": 1}, {}),
    ({"depth": True, "end": "dense"}, {"end": "dense"})])
def test_impossible_values_are_left_out(values, expected) -> None:
    assert to_design(values) == Design(**expected)
    design = to_design({name: low for name, (low, _high) in LIMITS.items()})
    assert not measure(convolutional(design), context_of_design(design)).problems
