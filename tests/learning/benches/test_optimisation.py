"""The optimisation bench: gradients, races, presets, slices, and its NumPy programs."""

from __future__ import annotations

from functools import partial
from io import StringIO

import numpy as np
import pytest

from cnnstudio.catalog.schedules import SCHEDULES
from cnnstudio.learning.benches.optimisation.code import codes, numpy_code
from cnnstudio.learning.benches.optimisation.race import (
    PRESETS,
    Race,
    preset_rate,
    run,
    run_all,
    scheduled_rates,
    to_race,
)
from cnnstudio.learning.benches.optimisation.rules import RULES
from cnnstudio.learning.benches.optimisation.slices import slice_surface
from cnnstudio.learning.benches.optimisation.surfaces import BOWL, NOISY, SURFACES


@pytest.mark.parametrize("surface", [surface for surface in SURFACES if surface is not NOISY], ids=lambda surface: surface.id)
def test_the_gradient_is_that_of_the_loss_and_zero_at_the_minima(surface) -> None:
    step = 1e-6
    for x, y in np.random.default_rng(1).uniform(surface.low, surface.high, (50, 2)):
        measured = [(surface.loss(x + step, y) - surface.loss(x - step, y)) / (2 * step),
                    (surface.loss(x, y + step) - surface.loss(x, y - step)) / (2 * step)]
        assert surface.gradient(x, y, 0) == pytest.approx(measured, rel=1e-4, abs=1e-4)
    for place in surface.minima:
        assert surface.gradient(*place, 0) == pytest.approx([0, 0], abs=1e-3)
        assert all(low <= item <= high for item, low, high in zip(place, surface.low, surface.high, strict=True))


def test_the_noise_is_the_same_in_every_race_and_another_in_every_step() -> None:
    assert NOISY.gradient(1, 1, 3).tolist() == NOISY.gradient(1, 1, 3).tolist()
    assert NOISY.gradient(1, 1, 3).tolist() != NOISY.gradient(1, 1, 4).tolist()
    mean = np.mean([NOISY.gradient(1, 1, step) for step in range(4000)], axis=0)
    assert mean == pytest.approx([1, 2], abs=0.1)


@pytest.mark.parametrize("surface", list(SURFACES), ids=lambda surface: surface.id)
def test_the_presets_of_gradient_descent_are_too_small_right_and_too_large(surface) -> None:
    begin = float(surface.loss(*surface.start))
    losses = {}
    for preset in PRESETS:
        ended = run(Race(surface=surface.id, preset=preset, steps=100), RULES["sgd"], surface)
        losses[preset] = ended.losses[-1] if ended.taken == 100 else np.inf
    assert losses["right"] < losses["small"] < begin
    assert losses["large"] > 4 * losses["right"] + 1e-9 or not np.isfinite(losses["large"])


def test_a_lost_runner_ends_early_and_keeps_its_path() -> None:
    ended = run(Race(rates={"sgd": 5.0}), RULES["sgd"], BOWL)
    assert 0 < ended.taken < 60 and np.isfinite(ended.places).all() and len(ended.rates) == ended.taken


def test_every_schedule_starts_or_peaks_at_the_rate() -> None:
    for schedule in SCHEDULES:
        rates = scheduled_rates(Race(schedule=schedule.id, steps=80), 0.25)
        assert rates.max() == pytest.approx(0.25, rel=0.02) and rates[-1] < 0.25, schedule.id


def test_the_printed_program_ends_where_the_runner_does() -> None:
    rng = np.random.default_rng(3)
    rules = list(RULES)
    for number in range(200):
        surface = list(SURFACES)[number % len(SURFACES)]
        rule = rules[number % len(rules)]
        start = tuple(float(item) for item in rng.uniform(surface.low, surface.high))
        race = Race(surface=surface.id, rules=(rule.id,), start=start, steps=int(rng.integers(1, 40)),
                    rates={rule.id: preset_rate(rule, surface, "small")},
                    schedule=str(rng.choice(["", *SCHEDULES.ids()])))
        (ended,) = run_all(race)
        printed = StringIO()
        exec(numpy_code(race, rule, surface), {"print": partial(print, file=printed)})
        numbers = [float(part) for part in printed.getvalue().replace("[", "").replace("]", "").replace(",", " ").split()]
        assert numbers == [*ended.places[-1].tolist(), float(ended.losses[-1])]


def test_a_slice_is_smooth_between_its_measured_points_and_its_program_runs() -> None:
    axis = np.linspace(-1, 1, 11)
    losses = [[float(0.3 + x * x + 2 * (y - 0.2) ** 2) for y in axis] for x in axis]
    surface = slice_surface(losses, 1.0)
    assert float(surface.loss(0.37, -0.61)) == pytest.approx(0.3 + 0.37 ** 2 + 2 * 0.81 ** 2, abs=1e-3)
    assert surface.gradient(0.5, 0.2, 0) == pytest.approx([1, 0], abs=1e-3)
    assert surface.minima == ((0.0, pytest.approx(0.2)),)
    race = Race(surface="slice", rules=("adam",), steps=20)
    (ended,) = run_all(race, surface)
    printed = StringIO()
    exec(numpy_code(race, RULES["adam"], surface), {"print": partial(print, file=printed)})
    assert str(ended.places[-1].tolist()) in printed.getvalue()


def test_every_program_names_the_libraries_that_it_imports() -> None:
    surface = slice_surface([[1.0, 2.0, 3.0, 4.0]] * 4, 1.0)
    for code in codes(Race(rules=("sgd", "adam")), surface):
        imported = {name.split()[1].split(".")[0] for name in code.source.splitlines() if name.startswith(("import ", "from "))}
        assert imported <= set(code.needs) and "scipy" in imported, code.label


def test_a_slice_with_infinite_losses_can_be_drawn() -> None:
    surface = slice_surface([[1.0, np.inf, np.nan, 1.0], [1.0, 2.0, 3.0, 1.0], [1.0, 2.0, 1.0, 1.0], [1.0] * 4], 0.5)
    assert np.isfinite(surface.loss(*np.meshgrid(np.linspace(-0.5, 0.5, 9), np.linspace(-0.5, 0.5, 9)))).all()


def test_impossible_values_of_a_race_are_left_out() -> None:
    race = to_race({"rules": ["adam", "nobody"], "steps": 100_000, "preset": "huge", "factor": -3, "rates": {"adam": -1},
                    "schedule": "none", "start": [float("nan"), 0], "surface": 5})
    assert race == Race(rules=("adam",), steps=500, factor=0.001, start=None)
