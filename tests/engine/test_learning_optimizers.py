"""The update rules of the optimisation bench against Keras's optimizers, step by step."""

from __future__ import annotations

import contextlib
import io
import itertools

import keras
import numpy as np
import pytest

from cnnstudio.catalog.training import OPTIMIZERS
from cnnstudio.learning.benches.optimisation.code import keras_code
from cnnstudio.learning.benches.optimisation.race import Race, run
from cnnstudio.learning.benches.optimisation.rules import RULES
from cnnstudio.learning.benches.optimisation.surfaces import NOISY

STEPS = 15
ROUNDING = 1e-5
"""Keras rounds momentum, betas and epsilon to float32 before it calculates."""


@pytest.fixture
def in_doubles():
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx(before)


def random_values(rule, drawn: np.random.Generator, switched_on: bool) -> dict:
    """Values for everything that the rule uses; what can be switched on is or is not."""
    values = {}
    for name in rule.values():
        if name in rule.own and name != "momentum":
            continue
        if name in ("amsgrad", "centered", "nesterov"):
            values[name] = switched_on
        elif name == "epsilon":
            values[name] = float(10 ** drawn.uniform(-8, -3))
        elif name == "initial_accumulator_value":
            values[name] = float(drawn.uniform(0, 1))
        else:  # a share
            values[name] = float(drawn.uniform(0.05, 0.99))
    return values


@pytest.mark.usefixtures("in_doubles")
@pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=pytest.mark.nightly)])
def test_every_rule_takes_the_steps_of_keras(rounds) -> None:
    """Each with its switches on and off; more values nightly."""
    drawn = np.random.default_rng(11)
    for turn, rule in itertools.product(range(rounds), RULES):
        changed = random_values(rule, drawn, switched_on=turn % 2 == 0)
        start, rate = drawn.normal(0, 3, 2), float(10 ** drawn.uniform(-4, 0))
        values = {param.name: param.default for param in rule.entry.params} | rule.own | changed | {"learning_rate": rate}
        optimizer = eval(rule.entry.call.code(values), {"keras": keras})
        variable, ours, step = keras.Variable(start), start, rule.stepper(changed)
        optimizer.build([variable])
        for place in range(STEPS):
            gradient = drawn.normal(0.3, 1, 2)
            now = rate / (1 + 0.1 * place)
            optimizer.learning_rate = now
            optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
            ours = step(ours, gradient, now)
            theirs = keras.ops.convert_to_numpy(variable)
            assert theirs == pytest.approx(ours, rel=ROUNDING, abs=ROUNDING), (rule.id, changed, rate, place)


def test_every_optimizer_of_the_catalog_has_a_rule_or_works_on_matrices() -> None:
    assert {rule.optimizer for rule in RULES} | {"muon", "adafactor", "lamb", "ftrl"} >= {entry.id for entry in OPTIMIZERS}


@pytest.mark.usefixtures("in_doubles")
def test_the_printed_keras_program_ends_where_the_runner_does() -> None:
    race = Race(surface=NOISY.id, rules=tuple(RULES.ids()), schedule="CosineDecay", steps=25)
    for rule in RULES:
        with contextlib.redirect_stdout(io.StringIO()) as stdout:
            exec(keras_code(race, rule, NOISY), {})  # our own text
        line, = stdout.getvalue().splitlines()
        ended = run(race, rule, NOISY)
        numbers = [float(part) for part in line.replace("[", "").replace("]", "").replace(",", " ").split()]
        assert numbers == pytest.approx([*ended.places[-1], ended.losses[-1]], rel=ROUNDING, abs=ROUNDING), rule.id
