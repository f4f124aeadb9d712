"""Programs that run the race of the bench: with the update rules written out, and with Keras's optimizers."""

from __future__ import annotations

from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.optimisation.race import Race, rate_of, schedule_stage, scheduled_rates
from cnnstudio.learning.benches.optimisation.rules import RULES, Rule
from cnnstudio.learning.benches.optimisation.surfaces import Surface


def numpy_code(race: Race, rule: Rule, surface: Surface) -> str:
    """One runner with its rule written out; prints the last place and its loss."""
    used = [f"{name} = {value!r}" for name, value in rule.values().items()]
    return "\n".join([
        "import numpy as np", "", surface.source, "", *used, *([""] if used else []), "", rule.source, "",
        *_rate_lines(race, rule, surface),
        f"weights = np.array({_start(race, surface)!r})", "state = {}",
        "for number, rate in enumerate(rates):",
        "    weights = step(weights, gradient(*weights, number), state, rate, number + 1)",
        "print(weights.tolist(), float(loss(*weights)))", ""])


def keras_code(race: Race, rule: Rule, surface: Surface) -> str:
    """One runner with Keras's optimizer; prints the same. Float64, as NumPy calculates."""
    number = rate_of(race, rule, surface)
    values = rule.values() | {"learning_rate": number}
    call = rule.entry.call.code({param.name: param.default for param in rule.entry.params} | rule.own | values)
    return "\n".join([
        "import keras", "import numpy as np", "", "keras.config.set_floatx(\"float64\")", "", "", surface.source, "",
        *_rate_lines(race, rule, surface),
        f"optimizer = {call}",
        f"weights = keras.Variable(np.array({list(_start(race, surface))!r}))",
        "for number, rate in enumerate(rates):",
        "    optimizer.learning_rate = float(rate)",
        "    place = keras.ops.convert_to_numpy(weights)",
        "    slope = keras.ops.convert_to_tensor(gradient(*place, number))",
        "    optimizer.apply([slope], [weights])",
        "place = keras.ops.convert_to_numpy(weights)",
        "print(place.tolist(), float(loss(*place)))", ""])


def _start(race: Race, surface: Surface) -> tuple[float, float]:
    x, y = race.start if race.start is not None else surface.start
    return float(x), float(y)


def _rate_lines(race: Race, rule: Rule, surface: Surface) -> list[str]:
    """The learning rate of every step: one number, or as the schedule has it."""
    rate = rate_of(race, rule, surface)
    if not race.schedule:
        return [f"rates = [{rate!r}] * {race.steps}"]
    stage = schedule_stage(race, rate)
    assert stage.schedule is not None
    numbers = ", ".join(repr(float(item)) for item in scheduled_rates(race, rate))
    return [f"# {stage.schedule.type}", f"rates = [{numbers}]"]


def codes(race: Race, surface: Surface) -> tuple[Code, ...]:
    """A program in NumPy and one in Keras for each runner."""
    return tuple(code for name in race.rules for code in (
        Code(f"{RULES[name].label} · NumPy", numpy_code(race, RULES[name], surface), needs=("numpy", *surface.needs)),
        Code(f"{RULES[name].label} · Keras", keras_code(race, RULES[name], surface),
             needs=("numpy", *surface.needs, "keras", "tensorflow"))))
