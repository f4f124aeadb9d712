"""The registry of learning rate schedules, with Keras's parameters and defaults.

A stage without a schedule has a constant rate: the number in its optimizer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from cnnstudio.catalog.call import Call, P
from cnnstudio.core.item import Item
from cnnstudio.core.params import Bool, Float, Int, Ints, Numbers, Param, with_defaults
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same
from cnnstudio.core.training import Stage


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """A learning rate schedule: its parameters, and the call that makes it.

    `span` tells what a number of steps that is left open stands for: the batches of the whole stage (without the
    warm-up) or of one epoch. `formula` is Python source that returns the rate at `step` from the parameters by their
    names: the PyTorch form.
    """

    id: str
    label: Text
    help: Text
    params: tuple[Param, ...]
    call: Call
    span: Literal["stage", "epoch", ""] = ""
    formula: str


_OPEN: Final = ("decay_steps", "first_decay_steps", "total_steps")
_INITIAL: Final = Float(
    name="initial_learning_rate", default=0.001, minimum=0, maximum=100, step=0.0001, decimals=8, logarithmic=True,
    label=same("initial_learning_rate"), help=Text("Learning rate of the first step.",
                                                   "Tasa de aprendizaje del primer paso."))


_DECREASING: Final = Text("Number of batches over which the rate decreases; none: {span}.",
                          "Número de lotes en los que baja la tasa; none: {span}.")


def _steps(name: str, span: Text, help: Text = _DECREASING) -> Int:
    return Int(name=name, default=None, minimum=1, maximum=2**31 - 1, optional=True, label=same(name),
               unit=Text("batches", "lotes"), help=help.fill(span=span))


_STAGE_STEPS: Final = _steps("decay_steps", Text("all of the stage", "todos los de la etapa"))
_EPOCH_STEPS: Final = _steps("decay_steps", Text("an epoch", "una época"))
_STAIRCASE: Final = Bool(name="staircase", default=False, label=same("staircase"),
                         help=Text("Decreases in steps instead of smoothly.",
                                   "Baja a saltos en lugar de hacerlo suavemente."))
_ALPHA: Final = Float(name="alpha", default=0.0, minimum=0, maximum=1, step=0.01, decimals=6, label=same("alpha"),
                      help=Text("Lowest learning rate, as a fraction of the highest.",
                                "Tasa de aprendizaje más baja, como fracción de la más alta."))


def _decay_rate(default: float, maximum: float, help: Text) -> Float:
    return Float(name="decay_rate", default=default, minimum=0, above=True, maximum=maximum, step=0.01, decimals=6,
                 label=same("decay_rate"), help=help)


def _call(name: str, params: tuple[Param, ...], **defaults: Any) -> Call:
    return Call(f"keras.optimizers.schedules.{name}", {param.name: P(param.name) for param in params}, defaults)


def _schedule(name: str, label: Text, help: Text, params: tuple[Param, ...], formula: str,
              span: Literal["stage", "epoch", ""] = "", **defaults: Any) -> Schedule:
    return Schedule(id=name, label=label, help=help, params=params, call=_call(name, params, **defaults), span=span,
                    formula=formula)


SCHEDULES: Final[Registry[Schedule]] = Registry("schedule", (
    _schedule(
        "CosineDecay", Text("Cosine decay", "Decaimiento coseno"),
        Text("Decreases slowly, then quickly, then slowly again, like half a cosine; an optional warm-up first raises the "
             "rate from initial_learning_rate to warmup_target.",
             "Baja despacio, luego rápido y al final otra vez despacio, como medio coseno; un calentamiento opcional sube "
             "antes la tasa de initial_learning_rate a warmup_target."),
        (_INITIAL, _STAGE_STEPS, _ALPHA,
         Float(name="warmup_target", default=None, minimum=0, maximum=100, step=0.0001, decimals=8, optional=True,
               label=same("warmup_target"), help=Text("Learning rate at the end of the warm-up; none: no warm-up.",
                                                      "Tasa de aprendizaje al final del calentamiento; none: sin "
                                                      "calentamiento.")),
         Int(name="warmup_steps", default=0, minimum=0, maximum=2**31 - 1, label=same("warmup_steps"),
             unit=Text("batches", "lotes"), help=Text("Number of batches of the warm-up.",
                                                      "Número de lotes del calentamiento."))),
        """\
peak, done = initial_learning_rate, step
if warmup_target is not None:
    if step < warmup_steps:
        return initial_learning_rate + (warmup_target - initial_learning_rate) * step / warmup_steps
    peak, done = warmup_target, step - warmup_steps
share = min(done, decay_steps) / decay_steps
return peak * ((1 - alpha) * 0.5 * (1 + math.cos(math.pi * share)) + alpha)
""", "stage", alpha=0.0, warmup_target=None, warmup_steps=0),
    _schedule(
        "CosineDecayRestarts", Text("Cosine decay with restarts", "Decaimiento coseno con reinicios"),
        Text("Decreases like half a cosine and starts again; each cycle is t_mul times as long and m_mul times as high as "
             "the one before.",
             "Baja como medio coseno y vuelve a empezar; cada ciclo es t_mul veces más largo y m_mul veces más alto que el "
             "anterior."),
        (_INITIAL, _steps("first_decay_steps", Text("an epoch", "una época")),
         Float(name="t_mul", default=2.0, minimum=1, maximum=100, decimals=4, label=same("t_mul"),
               help=Text("How much longer each cycle is.", "Cuánto más largo es cada ciclo.")),
         Float(name="m_mul", default=1.0, minimum=0, above=True, maximum=10, decimals=4, label=same("m_mul"),
               help=Text("How much higher each cycle starts.", "Cuánto más alto empieza cada ciclo.")), _ALPHA),
        """\
share = step / first_decay_steps
if t_mul == 1:
    turn = math.floor(share)
    share -= turn
else:
    turn = math.floor(math.log(1 - share * (1 - t_mul)) / math.log(t_mul))
    share = (share - (1 - t_mul ** turn) / (1 - t_mul)) / t_mul ** turn
return initial_learning_rate * ((1 - alpha) * 0.5 * m_mul ** turn * (1 + math.cos(math.pi * share)) + alpha)
""", "epoch", t_mul=2.0, m_mul=1.0, alpha=0.0),
    _schedule(
        "ExponentialDecay", Text("Exponential decay", "Decaimiento exponencial"),
        Text("Multiplies the rate by decay_rate every decay_steps batches; with staircase, in steps: the plain step schedule.",
             "Multiplica la tasa por decay_rate cada decay_steps lotes; con staircase, a saltos: el plan escalonado simple."),
        (_INITIAL, _EPOCH_STEPS,
         _decay_rate(0.9, 1, Text("Factor of the rate after decay_steps batches.",
                                  "Factor de la tasa tras decay_steps lotes.")), _STAIRCASE),
        """\
share = step / decay_steps
return initial_learning_rate * decay_rate ** (math.floor(share) if staircase else share)
""", "epoch", staircase=False),
    _schedule(
        "PolynomialDecay", Text("Polynomial decay", "Decaimiento polinómico"),
        Text("Decreases to end_learning_rate over decay_steps batches; with power 1, in a straight line.",
             "Baja a end_learning_rate en decay_steps lotes; con power 1, en línea recta."),
        (_INITIAL, _STAGE_STEPS,
         Float(name="end_learning_rate", default=0.0001, minimum=0, maximum=100, step=0.0001, decimals=8,
               logarithmic=True, label=same("end_learning_rate"), help=Text("Learning rate at the end.",
                                                                            "Tasa de aprendizaje al final.")),
         Float(name="power", default=1.0, minimum=0, above=True, maximum=10, decimals=4, label=same("power"),
               help=Text("1: a straight line; greater values: fast at first.",
                         "1: línea recta; valores mayores: rápido al principio.")),
         Bool(name="cycle", default=False, label=same("cycle"),
              help=Text("Starts again, more slowly, when the end is reached.",
                        "Vuelve a empezar, más despacio, al llegar al final."))),
        """\
length = decay_steps
if cycle:
    length = decay_steps * (1 if step == 0 else math.ceil(step / decay_steps))
share = min(step, length) / length
return (initial_learning_rate - end_learning_rate) * (1 - share) ** power + end_learning_rate
""", "stage", end_learning_rate=0.0001, power=1.0, cycle=False),
    _schedule(
        "InverseTimeDecay", Text("Inverse time decay", "Decaimiento inverso"),
        Text("Divides the rate by 1 + decay_rate × steps / decay_steps.",
             "Divide la tasa entre 1 + decay_rate × pasos / decay_steps."),
        (_INITIAL, _EPOCH_STEPS,
         _decay_rate(0.5, 1000, Text("How fast the rate decreases.", "Con qué rapidez baja la tasa.")), _STAIRCASE),
        """\
share = step / decay_steps
return initial_learning_rate / (1 + decay_rate * (math.floor(share) if staircase else share))
""", "epoch", staircase=False),
    Schedule(
        id="OneCycle", label=Text("One cycle", "Un ciclo"), span="stage",
        help=Text("Rises like half a cosine from max_learning_rate / div_factor to max_learning_rate, then decreases to almost "
                  "nothing (Smith, 2018). The momentum stays as it is.",
                  "Sube como medio coseno de max_learning_rate / div_factor a max_learning_rate y luego baja hasta casi cero "
                  "(Smith, 2018). El momento no cambia."),
        params=(
            Float(name="max_learning_rate", default=0.01, minimum=0, above=True, maximum=100, step=0.001, decimals=8,
                  logarithmic=True, label=same("max_learning_rate"), help=Text("Highest learning rate.",
                                                                               "Tasa de aprendizaje más alta.")),
            _steps("total_steps", Text("all of the stage", "todos los de la etapa"),
                   Text("Number of batches of the whole cycle; none: {span}.",
                        "Número de lotes de todo el ciclo; none: {span}.")),
            Float(name="pct_start", default=0.3, minimum=0, maximum=1, step=0.05, decimals=4, label=same("pct_start"),
                  help=Text("Share of the batches in which the rate rises.", "Parte de los lotes en los que sube la tasa.")),
            Float(name="div_factor", default=25.0, minimum=1, maximum=1e6, step=5, decimals=3, label=same("div_factor"),
                  help=Text("The first rate is max_learning_rate divided by this.",
                            "La primera tasa es max_learning_rate dividida entre esto.")),
            Float(name="final_div_factor", default=10000.0, minimum=1, maximum=1e9, step=1000, decimals=3,
                  label=same("final_div_factor"), help=Text("The last rate is the first one divided by this.",
                                                            "La última tasa es la primera dividida entre esto."))),
        call=Call("own.OneCycle", {name: P(name) for name in (
            "max_learning_rate", "total_steps", "pct_start", "div_factor", "final_div_factor")}),
        formula="""\
low = max_learning_rate / div_factor
last, top = low / final_div_factor, max(1.0, pct_start * total_steps)
step = min(step, total_steps)
if step < top:
    return low + (max_learning_rate - low) * (1 - math.cos(math.pi * step / top)) / 2
share = (step - top) / max(1.0, total_steps - top)
return last + (max_learning_rate - last) * (1 + math.cos(math.pi * share)) / 2
"""),
    _schedule(
        "PiecewiseConstantDecay", Text("Piecewise constant", "Constante a tramos"),
        Text("One rate up to each boundary, and the last one after all of them.",
             "Una tasa hasta cada límite, y la última después de todos."),
        (Ints(name="boundaries", default=(1000, 2000), shortest=1, longest=32, label=same("boundaries"),
              help=Text("Batches after which the rate changes, in ascending order.",
                        "Lotes tras los que cambia la tasa, en orden ascendente.")),
         Numbers(name="values", default=(0.001, 0.0003, 0.0001), label=same("values"),
                 help=Text("The learning rates; their number is one more than that of the boundaries.",
                           "Las tasas de aprendizaje; su número es uno más que el de los límites."))),
        """\
for boundary, value in zip(boundaries, values):
    if step <= boundary:
        return value
return values[-1]
"""),
))


def schedule_values(item: Item, stage_batches: int, epoch_batches: int) -> dict[str, Any]:
    """All parameters of a schedule, numbers of steps that are left open filled in. Raises KeyError for an unknown
    schedule."""
    entry = SCHEDULES[item.type]
    values = with_defaults(entry.params, item.params)
    span = max(1, stage_batches - int(values.get("warmup_steps") or 0)) if entry.span == "stage" else epoch_batches
    return {name: max(1, span) if name in _OPEN and value is None else value for name, value in values.items()}


def learning_rate_of(stage: Stage, number: float, epoch_batches: int) -> float | Call:
    """The learning rate of the optimizer: `number`, or the call of the stage's schedule with every argument
    in it. An unknown schedule is left out."""
    entry = SCHEDULES.find(stage.schedule.type) if stage.schedule is not None else None
    if entry is None or stage.schedule is None:
        return number
    values = schedule_values(stage.schedule, stage.epochs * epoch_batches, epoch_batches)
    return Call(entry.call.target, entry.call.arguments(values))


def spans_stage(stage: Stage) -> Schedule | None:
    """The schedule of a stage if its rates depend on how many epochs the stage has, else None."""
    entry = SCHEDULES.find(stage.schedule.type) if stage.schedule is not None else None
    if entry is None or stage.schedule is None or entry.span != "stage":
        return None
    values = with_defaults(entry.params, stage.schedule.params)
    return entry if any(name in values and values[name] is None for name in _OPEN) else None


def rates(stage: Stage, number: float, epoch_batches: int, steps: Sequence[int]) -> list[float]:
    """The learning rate of a stage at these steps, counted from 0: by the formula of its schedule, or `number`."""
    entry = SCHEDULES.find(stage.schedule.type) if stage.schedule is not None else None
    if entry is None or stage.schedule is None:
        return [number] * len(steps)
    values = schedule_values(stage.schedule, stage.epochs * epoch_batches, epoch_batches)
    names: dict[str, Any] = {"math": math}
    body = "\n".join(f"    {line}" for line in entry.formula.splitlines())
    exec(f"def rate(step, {', '.join(values)}):\n{body}\n", names)  # our own text
    return [float(names["rate"](step, **values)) for step in steps]
