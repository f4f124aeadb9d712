"""Optimizers side by side on one surface: where each is after every step."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Literal, NamedTuple

import msgspec
import numpy as np

from cnnstudio.catalog.schedules import SCHEDULES, rates
from cnnstudio.core.item import Item
from cnnstudio.core.training import Stage
from cnnstudio.learning.benches.optimisation.rules import DEFAULT_RULES, RULES, Rule
from cnnstudio.learning.benches.optimisation.surfaces import BOWL, SURFACES, Point, Surface

Preset = Literal["small", "right", "large"]
PRESETS: Final[tuple[Preset, ...]] = ("small", "right", "large")
_FACTORS: Final = {"small": 0.02, "right": 1.0, "large": 30.0}
"""The presets of a rule that divides by the size of the gradient."""
_CAREFUL: Final = 0.3
"""Momentum 0.9 adds up ten steps: the rate that suits plain gradient descent is too large for it."""
MOST_STEPS: Final = 500
EPOCHS: Final = 5
"""The steps of a race are that many epochs, for schedules that count them."""
_FAR: Final = 20.0
"""A runner is lost where it is so many times the width of the surface away from its middle."""


class Race(msgspec.Struct, frozen=True, kw_only=True):
    """The settings. `rates` are the learning rates by rule; a rule without one has that of the preset. `factor` multiplies
    all. `schedule` is the id of one of the catalog, "" for constant rates."""

    surface: str = BOWL.id
    rules: tuple[str, ...] = DEFAULT_RULES
    preset: Preset = "right"
    factor: float = 1.0
    rates: dict[str, float] = {}
    start: Point | None = None
    steps: int = 60
    schedule: str = ""


class Run(NamedTuple):
    """One runner: its places (steps + 1, 2), the loss at each, and the learning rate of every step. Where it was lost there
    are fewer."""

    rule: str
    places: np.ndarray
    losses: np.ndarray
    rates: np.ndarray

    @property
    def taken(self) -> int:
        """How many steps it took."""
        return len(self.places) - 1


def to_race(values: Mapping[str, Any]) -> Race:
    """The race of plain values; unknown names and impossible values are left out."""
    kept: dict[str, Any] = {}
    for field in msgspec.structs.fields(Race):
        with suppress(msgspec.ValidationError, KeyError):
            kept[field.name] = msgspec.convert(values[field.name], field.type)
    race = Race(**kept)
    start = race.start if race.start is not None and all(np.isfinite(race.start)) else None
    return msgspec.structs.replace(
        race, start=start, rules=tuple(rule.id for rule in RULES if rule.id in race.rules),
        steps=min(max(race.steps, 1), MOST_STEPS), factor=min(max(race.factor, 0.001), 1000.0),
        rates={name: rate for name, rate in race.rates.items() if name in RULES and 0 < rate <= 100},
        schedule=race.schedule if race.schedule in SCHEDULES else "")


def preset_rate(rule: Rule, surface: Surface, preset: Preset) -> float:
    """The learning rate of a preset."""
    if rule.rate is not None:
        width = max(high - low for low, high in zip(surface.low, surface.high, strict=True))
        return float(f"{rule.rate * _FACTORS[preset] * surface.stride * width / 8:.2g}")
    rate = surface.rates[PRESETS.index(preset)]
    return float(f"{rate * (_CAREFUL if rule.own.get('momentum') and preset != 'large' else 1):.3g}")


def rate_of(race: Race, rule: Rule, surface: Surface) -> float:
    """The learning rate with which a rule starts, or its highest one, if the schedule has it rise first."""
    return race.rates.get(rule.id, preset_rate(rule, surface, race.preset)) * race.factor


def schedule_stage(race: Race, rate: float) -> Stage:
    """A stage of EPOCHS epochs with the schedule of the race, whose first or highest rate is `rate`."""
    if not race.schedule:
        return Stage(id="race", epochs=EPOCHS)
    names = {param.name for param in SCHEDULES[race.schedule].params}
    params: dict[str, Any] = {"max_learning_rate" if "max_learning_rate" in names else "initial_learning_rate": rate}
    if "boundaries" in names:
        third = race.steps // 3
        params = {"boundaries": (third, 2 * third), "values": (rate, rate * 0.3, rate * 0.1)}
    if "end_learning_rate" in names:
        params["end_learning_rate"] = rate * 0.01
    return Stage(id="race", epochs=EPOCHS, schedule=Item(type=race.schedule, params=params))


def epoch_steps(race: Race) -> int:
    """The steps of one epoch."""
    return max(1, -(-race.steps // EPOCHS))


def scheduled_rates(race: Race, rate: float) -> np.ndarray:
    """The learning rate of every step (steps,)."""
    return np.asarray(rates(schedule_stage(race, rate), rate, epoch_steps(race), range(race.steps)), np.float64)


def run(race: Race, rule: Rule, surface: Surface) -> Run:
    """One runner from the start to its last step, or until it is lost."""
    weights = np.asarray(race.start if race.start is not None else surface.start, np.float64)
    middle = np.add(surface.low, surface.high) / 2
    far = _FAR * np.subtract(surface.high, surface.low)
    every = scheduled_rates(race, rate_of(race, rule, surface))
    step = rule.stepper()
    places = [weights]
    # A runner that is lost overflows, which is what it shows.
    with np.errstate(all="ignore"):
        for number, rate in enumerate(every):
            weights = step(weights, surface.gradient(float(weights[0]), float(weights[1]), number), float(rate))
            if not np.isfinite(weights).all() or (np.abs(weights - middle) > far).any():
                break
            places.append(weights)
        path = np.asarray(places)
        losses = np.asarray(surface.loss(path[:, 0], path[:, 1]), np.float64)
    return Run(rule.id, path, losses, every[:len(places) - 1])


def run_all(race: Race, surface: Surface | None = None) -> tuple[Run, ...]:
    """All runners of a race; `surface`: one that is not in the registry, a measured slice."""
    ground = surface if surface is not None else SURFACES.find(race.surface) or BOWL
    return tuple(run(race, RULES[name], ground) for name in race.rules)
