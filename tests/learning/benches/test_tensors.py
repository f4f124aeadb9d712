"""The tensors bench against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.learning.benches.tensors.broadcasting import broadcast_shape, broadcast_steps
from cnnstudio.learning.benches.tensors.layout import cell_of, index_at, sheets_of
from cnnstudio.learning.benches.tensors.operations import (
    OPERATIONS,
    SIGNS,
    TensorSettings,
    calculate,
    numbers,
    output_values,
    program,
    reshaped,
    run_program,
    second_tensor,
    source_index,
    to_tensor_settings,
)


def random_shape(rng: np.random.Generator, most: int = 4) -> tuple[int, ...]:
    return tuple(int(side) for side in rng.integers(1, 5, rng.integers(0, most + 1)))


def random_settings(rng: np.random.Generator) -> TensorSettings:
    shape = random_shape(rng)
    target = list(random_shape(rng))
    if target and rng.random() < 0.5:
        target[int(rng.integers(len(target)))] = -1
    # Sides that often fit: those of the first, and 1.
    other = tuple(int(side) if rng.random() < 0.7 else 1 for side in shape[int(rng.integers(0, len(shape) + 1)):])
    if rng.random() < 0.2:
        other = random_shape(rng)
    return TensorSettings(operation=str(rng.choice(OPERATIONS)), shape=shape, target=tuple(target),
                          axes=tuple(int(axis) for axis in rng.permutation(len(shape))), other=other,
                          sign=str(rng.choice(SIGNS)), first=bool(rng.random() < 0.5))


def test_broadcasting_is_numpys_rule() -> None:
    rng = np.random.default_rng(0)
    for _ in range(500):
        left, right = random_shape(rng), random_shape(rng)
        try:
            expected = np.broadcast_shapes(left, right)
        except ValueError:
            expected = None
        assert broadcast_shape(left, right) == expected
        steps = broadcast_steps(left, right)
        assert (steps[-1].size is None if steps and expected is None else True) and all(step.text.es for step in steps)


def test_what_is_shown_is_what_the_program_prints() -> None:
    rng = np.random.default_rng(1)
    failed = 0
    for _ in range(200):
        settings = random_settings(rng)
        values, result = output_values(settings), calculate(settings)
        printed, error = run_program(settings)
        if values is None:
            failed += 1
            assert error.startswith("ValueError") and result.error == error and result.reason is not None
            continue
        assert not error and printed.endswith(f"-> {values.shape}\n{values}\n"), program(settings)
        for index in np.ndindex(*values.shape):
            source = source_index(settings, 0, index)
            value = numbers(settings.shape)[source]
            if settings.operation != "broadcast":
                assert values[index] == value
                continue
            other = second_tensor(settings)[source_index(settings, 1, index)]
            assert values[index] == {"+": value + other, "-": value - other, "*": value * other,
                                     "maximum": max(value, other)}[settings.sign]
    assert 10 < failed < 100


@pytest.mark.parametrize(("shape", "target", "expected"), [
    ((2, 6), (3, -1), (3, 4)), ((2, 6), (-1,), (12,)), ((2, 6), (5, -1), None), ((2, 6), (-1, -1), None), ((), (1, 1), (1, 1)),
    ((1,), (), ())])
def test_an_open_side_takes_what_is_left(shape, target, expected) -> None:
    assert reshaped(TensorSettings(shape=shape, target=target)) == expected


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (2, 3, 4, 5)])
def test_every_value_has_a_place_of_its_own(shape) -> None:
    sheets = sheets_of(shape)
    places = [cell_of(shape, index) for index in np.ndindex(*shape)]
    assert len(set(places)) == sheets.rows * sheets.columns * sheets.height * sheets.width == int(np.prod(shape))
    assert [index_at(shape, *place) for place in places] == list(np.ndindex(*shape))


def test_impossible_values_are_left_out() -> None:
    settings = to_tensor_settings({"operation": "melt", "shape": [100, 100], "other": [0], "sign": "/", "target": [0, 4],
                                   "axes": [1, 0]})
    assert settings == TensorSettings(axes=(1, 0))
