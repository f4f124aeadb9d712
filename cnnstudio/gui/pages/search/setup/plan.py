"""How a search goes on, as fields of a form; the same values as those of `SearchSpec`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from cnnstudio.core.params import Bool, Choice, Float, Int, Option, Param, Seed, Value
from cnnstudio.core.search import MOST_PARALLEL, MOST_TRIALS, SearchSpec
from cnnstudio.core.text import Text
from cnnstudio.workers.runs.groups import MOST_FOLDS
from cnnstudio.workers.search.pruners import PRUNERS
from cnnstudio.workers.search.samplers import SAMPLERS
from cnnstudio.workers.search.terminators import TERMINATORS

HOURS: Final = "hours"
"""The field of the time, which the search has in seconds."""
_SECONDS: Final = 3600.0


def _choice(name: str, label: Text, text: Text, registry: Any, default: str, *, advanced: bool = False) -> Choice:
    return Choice(name=name, label=label, help=text, default=default, advanced=advanced,
                  options=tuple(Option(entry.id, entry.label, entry.help) for entry in registry))


PLAN: Final[tuple[Param, ...]] = (
    Int(name="trials", default=20, minimum=1, maximum=MOST_TRIALS, label=Text("Trials", "Ensayos"),
        help=Text("How many settings are tried, failed ones included. Each trial is a training.",
                  "Cuántos ajustes se prueban, incluidos los que fallan. Cada ensayo es un entrenamiento.")),
    _choice("sampler", Text("Sampler", "Muestreador"),
            Text("How the settings of the next trial are chosen.", "Cómo se eligen los ajustes del siguiente ensayo."),
            SAMPLERS, "tpe"),
    _choice("pruner", Text("Early end of trials", "Final anticipado de ensayos"),
            Text("Which trials end early because they promise little.", "Qué ensayos terminan antes porque prometen poco."),
            PRUNERS, "median"),
    Float(name=HOURS, default=None, minimum=0, above=True, maximum=10_000, step=1, decimals=2, optional=True,
          unit=Text("h", "h"), label=Text("At most", "Como máximo"),
          help=Text("The search ends after so many hours of work. Empty: it takes as long as its trials do.",
                    "La búsqueda termina tras tantas horas de trabajo. Vacío: dura lo que duren sus ensayos.")),
    Int(name="parallel", default=1, minimum=1, maximum=MOST_PARALLEL, label=Text("At once", "A la vez"),
        help=Text("How many trials are trained at once, as far as the memory allows. On one processor more of them are hardly "
                  "quicker.",
                  "Cuántos ensayos se entrenan a la vez, hasta donde permita la memoria. En un solo procesador, más apenas son "
                  "más rápidos.")),
    _choice("terminator", Text("End when nothing is gained", "Terminar si no se gana nada"),
            Text("Ends the search when more trials will not help.", "Termina la búsqueda cuando más ensayos no ayudarán."),
            TERMINATORS, "none", advanced=True),
    Int(name="folds", default=0, minimum=0, maximum=MOST_FOLDS, advanced=True, label=Text("Folds", "Pliegues"),
        help=Text("Each trial is trained on so many folds of a cross-validation, and judged by their mean. 0: once, on the "
                  "project's own division.",
                  "Cada ensayo se entrena con tantos pliegues de una validación cruzada y se juzga por su media. 0: una vez, "
                  "con la división del proyecto.")),
    Seed(name="seed", default=0, minimum=0, advanced=True, label=Text("Seed", "Semilla"),
         help=Text("The same seed proposes the same settings, as long as the values are the same.",
                   "La misma semilla propone los mismos ajustes, mientras los valores sean los mismos.")),
    Bool(name="present", default=True, advanced=True, label=Text("Try the present settings first", "Probar antes los actuales"),
         help=Text("The first trial has the settings that the project has, so that the best one is never worse than they are.",
                   "El primer ensayo tiene los ajustes actuales del proyecto, de modo que el mejor nunca es peor que ellos.")),
)


def plan_values(spec: SearchSpec) -> dict[str, Value]:
    """The values of the form."""
    values: dict[str, Value] = {param.name: getattr(spec, param.name) for param in PLAN if param.name != HOURS}
    return values | {HOURS: None if spec.seconds is None else spec.seconds / _SECONDS}


def with_plan(spec: SearchSpec, values: Mapping[str, Value]) -> SearchSpec:
    """The search with these values of the form."""
    changes: dict[str, Any] = {name: value for name, value in values.items() if name != HOURS}
    if HOURS in values:
        changes["seconds"] = None if values[HOURS] is None else float(values[HOURS]) * _SECONDS
    return msgspec.structs.replace(spec, **changes)
